// Lets Node import a .wgsl file as a shader, `{ file, text, runs }`; a bundler's plugin does the same with shaderModule. And takes a
// person's TypeScript for what it is, a module, whatever the package.json beside it says, or where there is none.
import { readFile } from "node:fs/promises";
import { register } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import { expand } from "./expand.mjs";

if (isMainThread) register(import.meta.url);

const SHADERS = fileURLToPath(new URL(".", import.meta.url));

/**
 * The module that stands for a shader's file, with the fragments that it includes.
 * @param {string} path
 */
export async function shaderModule(path) {
  const file = relative(SHADERS, path).replaceAll("\\", "/");
  const { text, runs } = await expand(file, await readFile(path, "utf8"), readFragment);
  const shader = { file: file.replace(/\.wgsl$/, ""), text, runs };
  return `export default ${JSON.stringify(shader)};`;
}

/** @param {string} file */
async function readFragment(file) {
  try {
    return await readFile(join(SHADERS, file), "utf8");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return null;
    throw error;
  }
}

/** @type {import("node:module").ResolveHook} */
export async function resolve(specifier, context, nextResolve) {
  const found = await nextResolve(specifier, context);
  const isProgram = /\.tsx?(\?|$)/.test(found.url) && found.format === "commonjs";
  return isProgram ? { ...found, format: "module" } : found;
}

/** @type {import("node:module").LoadHook} */
export async function load(url, context, nextLoad) {
  if (!url.endsWith(".wgsl")) return nextLoad(url, context);
  const source = await shaderModule(fileURLToPath(url));
  return { format: "module", shortCircuit: true, source };
}
