// Lets Node import a .wgsl file as a shader, `{ file, text }`; a bundler's plugin does the same with shaderModule.
import { readFile } from "node:fs/promises";
import { register } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

if (isMainThread) register(import.meta.url);

const SHADERS = fileURLToPath(new URL(".", import.meta.url));

/**
 * The module that stands for a shader's file.
 * @param {string} path
 */
export async function shaderModule(path) {
  const text = await readFile(path, "utf8");
  const file = relative(SHADERS, path)
    .replaceAll("\\", "/")
    .replace(/\.wgsl$/, "");
  return `export default ${JSON.stringify({ file, text })};`;
}

/** @type {import("node:module").LoadHook} */
export async function load(url, context, nextLoad) {
  if (!url.endsWith(".wgsl")) return nextLoad(url, context);
  const source = await shaderModule(fileURLToPath(url));
  return { format: "module", shortCircuit: true, source };
}
