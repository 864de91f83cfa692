// What `npm pack` runs first: compiles src/ into dist/, file by file, with declarations; shaders become modules that hold their
// text, because an installed package has no loader for them. Does nothing where dist/ is of these very sources.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { shaderModule } from "../shaders/node-hook.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DIST = join(ROOT, "dist");
const SOURCES = join(ROOT, "src");
const EXAMPLES = join(ROOT, "examples", "models");
const SHADERS = join(SOURCES, "shaders");
/** What dist/ was made of; not in it, because it is packed. */
const STAMP = join(ROOT, ".cache", "dist-stamp");

const stamp = [SOURCES, EXAMPLES]
  .flatMap((folder) =>
    filesOf(folder)
      .sort()
      .map((name) => {
        const { mtimeMs, size } = statSync(join(folder, name));
        return `${name} ${mtimeMs} ${size}`;
      }),
  )
  .join("\n");
if (existsSync(DIST) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === stamp) process.exit();

rmSync(STAMP, { force: true });
rmSync(DIST, { recursive: true, force: true });
const compiler = join(ROOT, "node_modules", ".bin", "tsc");
execFileSync(compiler, ["-p", join(ROOT, "src", "package")], { stdio: "inherit" });

const shaders = filesOf(SHADERS).filter(
  (name) => name.endsWith(".wgsl") && !name.startsWith("lib"),
);
for (const name of shaders) {
  const module = await shaderModule(join(SHADERS, name));
  const target = join(DIST, "shaders", `${name}.js`);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, `${module}\n`);
}
writeFileSync(join(DIST, "shaders", "index.js"), indexOf(shaders));
writeFileSync(
  join(DIST, "shaders", "index.d.ts"),
  [
    "/** A shader with its fragments in place, and which file every line is from. */",
    "export interface Shader {",
    "  readonly file: string;",
    "  readonly text: string;",
    "  readonly runs: readonly { readonly file: string; readonly line: number; readonly count: number }[];",
    "}",
    "/** By file below shaders/, without its ending. */",
    "export declare const shaders: Readonly<Record<string, Shader>>;",
    "",
  ].join("\n"),
);

for (const name of filesOf(DIST).filter((file) => /\.(m?js|d\.m?ts)$/.test(file))) {
  const path = join(DIST, name);
  const text = readFileSync(path, "utf8");
  // Comments that name sources stay; import paths end as the files do.
  const fixed = text.replaceAll(/(from\s+"[^"]+\.wgsl)"/g, '$1.js"');
  if (fixed !== text) writeFileSync(path, fixed);
}

// Networks that the web page offers.
await build({
  ...{ entryPoints: [join(EXAMPLES, "models.ts")], outfile: join(DIST, "examples.js") },
  ...{ bundle: true, format: "esm", external: ["vitrine"], logLevel: "warning" },
  plugins: [
    {
      name: "shaders",
      setup({ onLoad }) {
        onLoad({ filter: /\.wgsl$/ }, async ({ path }) => {
          return { contents: await shaderModule(path), loader: "js" };
        });
      },
    },
  ],
});

mkdirSync(dirname(STAMP), { recursive: true });
writeFileSync(STAMP, stamp);

/** @param {string} folder */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? dirname(entry.path), entry.name)));
}

/** @param {readonly string[]} names */
function indexOf(names) {
  const imports = names.map((name, i) => `import s${i} from "./${name}.js";`);
  const entries = names.map(
    (name, i) => `  ${JSON.stringify(name.replace(/\.wgsl$/, ""))}: s${i},`,
  );
  return `${[...imports, "export const shaders = {", ...entries, "};"].join("\n")}\n`;
}
