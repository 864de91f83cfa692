// The compiled commands, each with all that it imports in a few files: a process reads some ten instead of four hundred and is there
// in half the time, which counts with the hundreds that the tests start. What a module finds beside itself it finds beside the
// compiled one.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COMPILED = join(ROOT, "dist", "cli", "commands");
const JOINED = join(ROOT, ".cache", "joined-commands");
/** What dist/ is of, and what the joined ones were made of. */
const [STAMP, JOINED_STAMP] = [join(ROOT, ".cache", "dist-stamp"), join(JOINED, "stamp")];

/** Each module knows its own place, of which there are fewer when they are joined. @type {import("esbuild").Plugin} */
const places = {
  name: "places",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/dist\/.*\.js$/ }, ({ path }) => {
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: readFileSync(path, "utf8").replaceAll("import.meta.url", url) };
    }),
};

/** Folder of the commands, made where the sources are others since. */
export async function compiledCommands() {
  execFileSync(process.execPath, [join(ROOT, "src", "package", "build.mjs")]);
  const stamp = readFileSync(STAMP, "utf8");
  if (existsSync(JOINED_STAMP) && readFileSync(JOINED_STAMP, "utf8") === stamp) return JOINED;
  rmSync(JOINED, { recursive: true, force: true });
  await build({
    entryPoints: readdirSync(COMPILED)
      .filter((name) => name.endsWith(".js"))
      .map((name) => join(COMPILED, name)),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    packages: "external",
    outdir: JOINED,
    plugins: [places],
    logLevel: "error",
  });
  writeFileSync(JOINED_STAMP, stamp);
  return JOINED;
}
