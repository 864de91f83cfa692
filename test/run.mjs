// `npm test` without a pattern: the tests in two processes side by side, because those of commands mostly wait for processes
// of their own; then, alone, those that measure time. The first one's output is shown as it comes, the second one's after it;
// the counts are the sums of uvu's own.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

const COMMANDS = "cli/|learn/commands|documented-commands|setup";
const TIMED = "inspect/(ceilings|compare-profiles|profile|trace)";
/** @param {string} start */
const patternOf = (start) => `^(${start}).*\\.test\\.ts$`;
const others = `^(?!${COMMANDS}|${TIMED}).*\\.test\\.ts$`;
const together = [patternOf(COMMANDS), others];
const rounds = availableParallelism() > 1 ? [together, [patternOf(TIMED)]] : [["\\.test\\.ts$"]];

const uvu = fileURLToPath(new URL("../node_modules/uvu/bin.js", import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));
/** @type {import("node:child_process").ChildProcess[]} */
const children = [];

/** @param {string} pattern */
function start(pattern) {
  const args = [...process.execArgv, uvu, here, pattern];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  let text = "";
  let isShown = false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: uvu colours what it prints.
  const plain = () => text.replace(/\x1b\[[0-9;]*m/g, "");
  child.stdout.setEncoding("utf8").on("data", (piece) => {
    text += piece;
    if (isShown) process.stdout.write(piece);
  });
  const code = new Promise((resolve) =>
    child.on("close", (own, signal) => resolve(own ?? (signal ? 1 : 0))),
  );
  return {
    code,
    show: () => {
      isShown = true;
      process.stdout.write(text);
    },
    /** @param {string} name */
    count: (name) => {
      const found = [...plain().matchAll(new RegExp(`^ *${name}: +([0-9.]+)`, "gm"))].at(-1);
      return Number(found?.[1] ?? 0);
    },
    failures: () => [...plain().matchAll(/^ *FAIL .*$/gm)].map(([line]) => line),
  };
}

for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"])) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
  });
}
process.on("SIGINT", () => {});

const began = performance.now();
/** @type {ReturnType<typeof start>[]} */
const runs = [];
let failed = false;
for (const round of rounds) {
  const started = round.map(start);
  runs.push(...started);
  for (const run of started) {
    run.show();
    failed = (await run.code) !== 0 || failed;
  }
}
/** @param {string} name */
const sum = (name) => runs.reduce((total, run) => total + run.count(name), 0);
console.log("\nall tests");
for (const run of runs) for (const line of run.failures()) console.log(line);
for (const name of ["Total", "Passed", "Skipped"])
  console.log(`  ${`${name}:`.padEnd(10)} ${sum(name)}`);
console.log(`  Duration:  ${((performance.now() - began) / 1000).toFixed(0)} s`);
process.exit(failed ? 1 : 0);
