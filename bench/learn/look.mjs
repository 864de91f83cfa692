// `node bench/learn/look.mjs pixel`: starts a look of the course (look/*.ts) as npm run starts a command, and like it sets up
// what is missing first. Plain JavaScript without packages, because there may be none yet.

import { spawn } from "node:child_process";
import { readdirSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { adapterEnvironment } from "../../src/setup/adapter.mjs";
import { withoutDawnWarnings } from "../../src/setup/dawn-warnings.mjs";
import { setUp } from "../../src/setup/set-up.mjs";

const LOOKS = new URL("look/", import.meta.url);
const HOOK = new URL("../../src/shaders/node-hook.mjs", import.meta.url);

/** Names of the looks there are. */
export function looks() {
  const files = readdirSync(LOOKS).filter((file) => file.endsWith("-look.ts"));
  return files.map((file) => file.replace("-look.ts", "")).sort();
}

/**
 * The arguments of Node that start a look.
 * @param {string | undefined} name
 * @param {readonly string[]} args
 * @returns {string[]}
 */
export function programOf(name, args) {
  if (name === undefined || !looks().includes(name)) {
    throw new Error(`look: must be one of ${looks().join(", ")}, got ${name ?? "none"}`);
  }
  const loaders = ["--import", import.meta.resolve("tsx"), "--import", HOOK.href];
  return [...loaders, fileURLToPath(new URL(`${name}-look.ts`, LOOKS)), ...args];
}

async function main() {
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined || !looks().includes(name)) {
    process.stderr.write(`look: must be one of ${looks().join(", ")}, got ${name ?? "none"}\n`);
    process.exit(2);
  }
  const adapter = await setUp();
  const child = spawn(process.execPath, programOf(name, args), {
    stdio: ["inherit", "inherit", "pipe"],
    env: { ...process.env, ...adapterEnvironment(adapter) },
  });
  process.on("SIGINT", () => {});
  const filter = withoutDawnWarnings();
  child.stderr.setEncoding("utf8").on("data", (piece) => process.stderr.write(filter(piece)));
  child.on("close", (code) => process.exit(code ?? 1));
}

if (process.argv[1] && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) {
  await main();
}
