// `npm test` without a pattern: the tests in groups, two at a time, because those of commands mostly wait for processes of their
// own; then, alone, those that measure time. A group is shown when it is over; the counts are the sums of uvu's own.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

/** Beginnings of paths; the longest first, so that none is left over for the end. */
const GROUPS = [
  "documented-commands|learn/commands",
  "cli/(tu|v|w)",
  "ops/|optim/|models/|engine/",
  "cli/(i|j|k|l|m|n)",
  "cli/(a|b|c|d|e|f|g|h)",
  "cli/(o|p|q|r|s|ta|te|tr)|setup",
  "keras/",
  "train/|study/",
  "page/|report/|runs/|watch/",
  "tune/|queue/|io/",
];
const TIMED = "inspect/(ceilings|compare-profiles|profile|trace)";
/** @param {string} start */
const patternOf = (start) => `^(${start}).*\\.test\\.ts$`;
const others = `^(?!${[...GROUPS, TIMED].join("|")}).*\\.test\\.ts$`;

const uvu = fileURLToPath(new URL("../node_modules/uvu/bin.js", import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));
/** @type {Set<import("node:child_process").ChildProcess>} */
const children = new Set();
/** @type {{ readonly code: number, readonly text: string }[]} */
const over = [];

/** @param {string} pattern */
async function run(pattern) {
  const args = [...process.execArgv, uvu, here, pattern];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece) => {
    text += piece;
  });
  /** @type {number} */
  const code = await new Promise((resolve) =>
    child.on("close", (own, signal) => resolve(own ?? (signal ? 1 : 0))),
  );
  children.delete(child);
  process.stdout.write(text);
  over.push({ code, text });
}

for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"])) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
  });
}
process.on("SIGINT", () => {});

const began = performance.now();
const waiting = [...GROUPS.map(patternOf), others];
const lanes = Math.min(2, availableParallelism());
console.log(`${waiting.length + 1} groups of tests, ${lanes === 1 ? "one" : "two"} at a time`);
await Promise.all(
  Array.from({ length: lanes }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next);
  }),
);
await run(patternOf(TIMED));

// biome-ignore lint/suspicious/noControlCharactersInRegex: uvu colours what it prints.
const plain = over.map(({ text }) => text.replace(/\x1b\[[0-9;]*m/g, ""));
/** @param {string} name */
const sum = (name) =>
  plain.reduce((total, text) => {
    const found = [...text.matchAll(new RegExp(`^ *${name}: +([0-9.]+)`, "gm"))].at(-1);
    return total + Number(found?.[1] ?? 0);
  }, 0);
console.log("\nall tests");
for (const text of plain) for (const [line] of text.matchAll(/^ *FAIL .*$/gm)) console.log(line);
for (const name of ["Total", "Passed", "Skipped"]) {
  console.log(`  ${`${name}:`.padEnd(10)} ${sum(name)}`);
}
console.log(`  Duration:  ${((performance.now() - began) / 1000).toFixed(0)} s`);
process.exit(over.every(({ code }) => code === 0) ? 0 : 1);
