// The packed package in an empty folder: the first example under Node without any environment variable, TypeScript in strict
// mode, the bin with its own spelling, and a bundle for a browser. Packages that it needs are those that are here.

import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "./data/sample-files.ts";

const test = suite("package");
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const folder = temporaryFolder();
const modules = join(folder, "node_modules");

/** As of a process that no launcher has started. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) =>
      !/^(VITRINE_|LD_LIBRARY_PATH|VK_DRIVER_FILES|LP_NUM|MESA_|TSX_|NODE_OPTIONS|npm_)/.test(name),
  ),
);

/** A program in TypeScript for Node has them anyhow. */
const TYPES_OF_NODE = ["@types/node", "undici-types"];

/** What npm installs with the package: no development's packages. */
function installedWith(): readonly string[] {
  const lock = readFileSync(join(ROOT, "node_modules", ".package-lock.json"), "utf8");
  const { packages } = JSON.parse(lock) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  return Object.entries(packages).flatMap(([path, { dev }]) => {
    const name = path.replace("node_modules/", "");
    return dev || name.includes("node_modules/") ? [] : [name];
  });
}

function packed(): void {
  const target = join(folder, "packed");
  mkdirSync(target);
  execFileSync("npm", ["pack", "--silent", "--pack-destination", target], { cwd: ROOT });
  const [file = ""] = readdirSync(target);
  mkdirSync(join(modules, "vitrine"), { recursive: true });
  const from = ["-xzf", join(target, file), "--strip-components=1"];
  execFileSync("tar", [...from, "-C", join(modules, "vitrine")]);
  for (const name of [...installedWith(), ...TYPES_OF_NODE]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  assert.ok(Object.keys(dependencies).every((name) => existsSync(join(modules, name))));
  assert.not(existsSync(join(modules, "uvu")));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
}

packed();

test("holds compiled files with declarations, and no sources", () => {
  const names = readdirSync(join(modules, "vitrine"), { recursive: true }).map(String);
  for (const name of ["dist/vitrine.js", "dist/vitrine.d.ts", "dist/node.d.ts"]) {
    assert.ok(names.includes(name), name);
  }
  const sources = names.filter((name) => name.endsWith(".ts") && !/\.d\.m?ts$/.test(name));
  assert.equal(sources, []);
  assert.not(names.some((name) => name.startsWith("src/") || name.startsWith("node_modules/")));
});

/** README's second section, whose rows stand in for pictures. */
function example(): string {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, code = ""] = /```ts\n(import \{[^`]*openDevice[^`]*?)```/.exec(readme) ?? [];
  assert.match(code, /sequential\("shapes"/);
  return code;
}

const ROWS = `const images = Float32Array.from({ length: 200 * 768 }, (_, i) => Math.sin(i / 3) + Number(Math.floor(i / 768) % 4 === i % 4));
const labels = Uint32Array.from({ length: 200 }, (_, i) => i % 4);
`;

test("README's example runs under Node as it stands, and compiles in strict mode", () => {
  const code = example().replace(/^(?=const device)/m, ROWS);
  writeFileSync(join(folder, "own.ts"), code);
  const options = { strict: true, noEmit: true, module: "nodenext" };
  const more = { target: "es2023", moduleResolution: "nodenext", types: ["node"] };
  const config = { compilerOptions: { ...options, ...more }, files: ["own.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  const checked = spawnSync(tsc, ["-p", folder], { encoding: "utf8" });
  assert.is(checked.status, 0, checked.stdout);
  const script = code.replaceAll(/^type .*$/gm, "");
  writeFileSync(join(folder, "own.mjs"), `${script}\nprocess.exit(0);\n`);
  const ran = spawnSync(process.execPath, ["own.mjs"], { cwd: folder, encoding: "utf8", env });
  assert.is(ran.status, 0, ran.stderr);
  assert.match(ran.stdout, /accuracy/);
  assert.match(ran.stdout, /adam\/update/);
  assert.ok(existsSync(join(folder, "shapes.safetensors")));
});

test("the bin has the commands, in its own spelling, and runs scripts", () => {
  const bin = join(modules, "vitrine", "dist", "setup", "launch.mjs");
  const ask = (...args: string[]) =>
    spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: "utf8", env });
  const help = ask("train", "--help");
  assert.is(help.status, 0, help.stderr);
  assert.match(help.stdout, /npx vitrine train \[flags\]/);
  assert.not.match(help.stdout, /npm run/);
  const summary = ask("summary");
  assert.is(summary.status, 0, summary.stderr);
  assert.match(summary.stdout, /61,706/);
  const unknown = ask("trian");
  assert.is(unknown.status, 2);
  assert.match(unknown.stderr, /no such command, got trian/);
  const ran = ask("run", "own.ts");
  assert.is(ran.status, 0, ran.stderr);
});

test("a browser's bundle holds nothing of Node, and every shader can be had", async () => {
  const entry = join(folder, "page.mjs");
  writeFileSync(entry, 'export * from "vitrine"; export { shaders } from "vitrine/shaders";');
  const { outputFiles } = await build({
    ...{ entryPoints: [entry], bundle: true, write: false, format: "esm", platform: "browser" },
  });
  const [{ text = "" } = {}] = outputFiles;
  assert.ok(text.length > 50_000);
  assert.not.match(text, /from "node:|require\("node:/);
  const { shaders } = await import(join(modules, "vitrine", "dist", "shaders", "index.js"));
  assert.match(shaders["softmax"].text, /@compute/);
});

test.run();
