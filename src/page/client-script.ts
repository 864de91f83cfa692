// Scripts for a browser, bundled from the TypeScript below src/ that runs there. Done when a page is written, in some ten milliseconds,
// so that sources are what runs and nothing needs a build.

import { fileURLToPath } from "node:url";
import type { Plugin } from "esbuild";

/** `entry`: a file below src/page, such as `inspector/inspector.ts`. */
export function clientScript(entry: string): Promise<string> {
  return bundled(new URL(entry, import.meta.url), "iife");
}

/** `entry`: a source; of a compiled package, what it was compiled to. `esm`: for a module of a page, or of its worker. */
export async function bundled(entry: URL, format: "iife" | "esm"): Promise<string> {
  const isSource = import.meta.url.endsWith(".ts");
  const path = fileURLToPath(entry);
  // Loading it takes longer than bundling; only commands that write pages pay.
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [isSource ? path : path.replace(/\.ts$/, ".js")],
    bundle: true,
    write: false,
    minify: true,
    format,
    target: "es2022",
    charset: "utf8",
    logLevel: "silent",
    alias: ownNames(isSource),
    plugins: isSource ? [shaders] : [],
  });
  return outputFiles[0]?.text ?? "";
}

/** What the networks of the examples are called in scripts, and what they call the package, whatever a tsconfig.json here says. */
function ownNames(isSource: boolean): Readonly<Record<string, string>> {
  const place = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  return {
    "vitrine/examples": place(isSource ? "../../examples/models/models.ts" : "../examples.js"),
    vitrine: place(isSource ? "../vitrine.ts" : "../vitrine.js"),
  };
}

/** Compiled ones are modules already. */
const shaders: Plugin = {
  name: "shaders",
  setup(build) {
    build.onLoad({ filter: /\.wgsl$/ }, async ({ path }) => {
      const { shaderModule } = await import("../shaders/node-hook.mjs");
      return { contents: await shaderModule(path), loader: "js" };
    });
  },
};
