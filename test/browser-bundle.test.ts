// Engine, models, trainer, callbacks, splits and metrics run in a browser: a bundle of them for one holds nothing of Node,
// and no package but the two that are known to run there.

import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { shaderModule } from "../src/shaders/node-hook.mjs";

const test = suite("browser bundle");
const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What the engine stands on, neither of Node: switches of shaders, and the form of a recording's JSON. */
const ALLOWED = /^(wgsl-preprocessor|valibot)(\/|$)/;

const FOLDERS = ["src/engine", "src/models", "src/train/callbacks"];
const FILES = [
  ...["fit", "trainer", "evaluator", "cross-validation", "training", "schedules", "basis"].map(
    (name) => `src/train/${name}.ts`,
  ),
  ...["dataset", "split", "random-state", "clean"].map((name) => `src/data/${name}.ts`),
];
/** Reads parity's recorded values from a folder. */
const OF_NODE = ["src/models/parity/recorded.ts"];

function entryPoints(): string[] {
  const within = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true }).map((name) => join(folder, String(name))),
  );
  const sources = within.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"));
  return [...sources, ...FILES].filter((file) => !OF_NODE.includes(file));
}

/** Shaders become modules as they do in Node. */
const shaders: Plugin = {
  name: "wgsl",
  setup({ onLoad }) {
    onLoad({ filter: /\.wgsl$/ }, async ({ path }) => {
      return { contents: await shaderModule(path), loader: "js" };
    });
  },
};

/** Keeps account of what our own files import beyond themselves. */
function watched(foreign: Set<string>): Plugin {
  return {
    name: "watched",
    setup({ onResolve }) {
      onResolve({ filter: /^[^./]/ }, ({ path, importer, kind }) => {
        if (kind === "entry-point" || ALLOWED.test(path)) return null;
        foreign.add(`${relative(ROOT, importer)} imports ${path}`);
        return { path, external: true };
      });
    },
  };
}

async function foreignImports(entries: readonly string[]): Promise<string[]> {
  const foreign = new Set<string>();
  await build({
    entryPoints: entries.map((file) => join(ROOT, file)),
    ...{ bundle: true, write: false, outdir: join(ROOT, "nowhere"), logLevel: "silent" },
    ...{ platform: "browser", format: "esm", target: "es2022" },
    plugins: [watched(foreign), shaders],
  });
  return [...foreign].sort();
}

test("engine, models, trainer, callbacks, splits and metrics", async () => {
  const entries = entryPoints();
  assert.ok(entries.length > 100, `${entries.length}`);
  assert.equal(await foreignImports(entries), []);
});

test("the watch sees what is of Node, and packages", async () => {
  const found = await foreignImports(["src/data/csv.ts"]);
  for (const foreign of ["csv-parse/sync", "node:fs/promises"]) {
    assert.ok(found.includes(`src/data/csv.ts imports ${foreign}`), foreign);
  }
});

test.run();
