// What the two entries of the library load at once: nothing that only some callers use, such as readers of archives and pictures.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const test = suite("loaded packages");
const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Told of every module that Node loads, on its own thread, so that it writes at once. */
const HOOKS = `
import { writeSync } from "node:fs";
export const load = (url, context, next) => (writeSync(1, url + "\\n"), next(url, context));`;
const REGISTER = `
import { register } from "node:module";
register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(HOOKS)}`)});`;

/** Packages that are loaded with an entry, and for what is done with it. */
function loadedBy(entry: string, then = ""): readonly string[] {
  const program = `const found = await import("./src/${entry}.ts");${then}`;
  const register = `data:text/javascript,${encodeURIComponent(REGISTER)}`;
  const hooks = ["tsx", "./src/shaders/node-hook.mjs", register];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...hooks.flatMap((hook) => ["--import", hook]), "--input-type=module", "-e", program],
    { cwd: ROOT, encoding: "utf8" },
  );
  assert.is(status, 0, stderr);
  const names = [...stdout.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)\//g)].map(
    ([, name]) => name ?? "",
  );
  return [...new Set(names)].filter((name) => name !== "tsx").sort();
}

const ON_USE = ["yazl", "yauzl", "pngjs", "jpeg-js", "h5wasm", "vega", "vega-lite", "fflate"];

test("vitrine and vitrine/node leave archives, pictures, HDF5 and charts to whoever uses them", () => {
  for (const entry of ["vitrine", "node"]) {
    const loaded = loadedBy(entry);
    assert.equal(
      ON_USE.filter((name) => loaded.includes(name)),
      [],
      `${entry}: ${loaded}`,
    );
  }
});

test("reading an archive loads what it takes, and no more", () => {
  const file = JSON.stringify(`${ROOT}test/fixtures/step-rates/piecewise.keras`);
  const loaded = loadedBy("node", `await found.loadKerasModel(${file});`);
  assert.ok(loaded.includes("yauzl"), String(loaded));
  assert.equal(
    ["yazl", "pngjs", "vega"].filter((name) => loaded.includes(name)),
    [],
  );
});

test.run();
