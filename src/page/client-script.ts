// The script of a page, bundled from the TypeScript below src/page/ that runs in the browser. Done when a page is written, in some
// ten milliseconds, so that sources are what runs and nothing needs a build.

import { fileURLToPath } from "node:url";

/** `entry`: a file below src/page, such as `inspector/inspector.ts`; compiled ones end in .js, as this one does then. */
export async function clientScript(entry: string): Promise<string> {
  // Loading it takes longer than bundling; only commands that write pages pay.
  const own = import.meta.url.endsWith(".ts") ? entry : entry.replace(/\.ts$/, ".js");
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(own, import.meta.url))],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}
