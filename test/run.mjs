// `npm test` without a pattern: the tests in groups, two at a time, because those of commands mostly wait for processes of their
// own; then, alone, those that measure time. A group is shown when it is over; the counts are the sums of uvu's own. A file that
// fails is run once more, alone: tests that wait for processes and servers meet a machine that stands still for a while. With
// VITRINE_TEST_SECONDS no group is begun after so many, and those left are named.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { compiledCommands } from "./cli/compiled-commands.mjs";

/** Beginnings of paths; what takes longest first, so that neither of the two is left with it at the end. */
const GROUPS = [
  "ops/(a|b|c)",
  "cli/tu",
  "inspect/(r|s|t|u|v|w)",
  "cli/(i|j|k|l|m|n)",
  "ops/(d|e|f|g|h|i)",
  "ops/",
  "engine/|optim/|models/",
  "documented-commands|learn/commands",
  "cli/(v|w)",
  "web/",
  "cli/(o|p|q|r|s|ta|te|tr)|setup",
  "page/|report/|runs/|watch/",
  "train/|study/",
  "cli/(a|b|c|d|e|f|g|h)",
  "examples|package",
  "inspect/",
  "keras/",
  "tune/|queue/|io/",
];
/** Where those that belong to no group come among them. */
const OTHERS_AT = 13;
const TIMED = "inspect/(ceilings|compare-profiles|profile|trace)";
/**
 * A group has what none before it has.
 * @param {readonly string[]} before
 * @param {string} [start]
 */
const patternOf = (before, start = "") => `^(?!${before.join("|")})(${start}).*\\.test\\.ts$`;

const uvu = fileURLToPath(new URL("../node_modules/uvu/bin.js", import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));
/** @type {Set<import("node:child_process").ChildProcess>} */
const children = new Set();
/** @type {{ readonly ended: number | string, readonly text: string }[]} */
const over = [];
/** @type {{ readonly file: string, readonly seconds: number }[]} */
const times = [];
let isStopped = false;

// biome-ignore lint/suspicious/noControlCharactersInRegex: uvu colours what it prints.
const plainOf = (/** @type {string} */ text) => text.replace(/\x1b\[[0-9;]*m/g, "");
const filesIn = (/** @type {string} */ text) => plainOf(text).match(/^\S+\.test\.ts$/gm) ?? [];

/** A software adapter's threads would only take the cores from each other, with two processes at a time. */
const ONE_THREAD = { ...process.env, LP_NUM_THREADS: "1" };
/** Where hundreds of kernels run once each, a third of the time would go on making them faster. Not where something is trained. */
const UNOPTIMISED = { ...ONE_THREAD, GALLIVM_PERF: "nopt" };
const RUN_ONCE = /^(ops|engine|inspect)\b/;
const most = Number(process.env["VITRINE_TEST_SECONDS"] ?? Number.POSITIVE_INFINITY);

/**
 * @param {string} pattern
 * @param {NodeJS.ProcessEnv} [env]
 */
async function run(pattern, env = process.env) {
  const args = [...process.execArgv, uvu, here, pattern];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  let [text, file, since] = ["", "", 0];
  /** @param {string} next */
  const turnTo = (next) => {
    const now = performance.now();
    if (file !== "") times.push({ file, seconds: (now - since) / 1000 });
    [file, since] = [next, now];
  };
  child.stdout.setEncoding("utf8").on("data", (piece) => {
    text += piece;
    for (const next of filesIn(piece)) turnTo(next);
  });
  /** @type {number | string} */
  const ended = await new Promise((resolve) =>
    child.on("close", (code, signal) => resolve(code ?? signal ?? "nothing")),
  );
  turnTo("");
  children.delete(child);
  process.stdout.write(text);
  over.push({ ended, text });
}

for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"])) {
  process.on(signal, () => {
    isStopped = true;
    for (const child of children) child.kill(signal);
    // A browser's driver handles the signal itself, and may wait for ever.
    setTimeout(() => {
      for (const child of children) child.kill("SIGKILL");
    }, 4000);
  });
}
process.on("SIGINT", () => {});

const began = performance.now();
// Commands are started from it (cli/start-command.ts): made once, before there are two at a time.
await compiledCommands();
const waiting = GROUPS.map((start, at) => ({
  pattern: patternOf([TIMED, ...GROUPS.slice(0, at)], start),
  env: RUN_ONCE.test(start) ? UNOPTIMISED : ONE_THREAD,
}));
waiting.splice(OTHERS_AT, 0, { pattern: patternOf([TIMED, ...GROUPS]), env: ONE_THREAD });
const seconds = () => (performance.now() - began) / 1000;
const isInTime = () => seconds() < most;
const lanes = Math.min(2, availableParallelism());
console.log(`${waiting.length + 1} groups of tests, ${lanes === 1 ? "one" : "two"} at a time`);
await Promise.all(
  Array.from({ length: lanes }, async () => {
    while (!isStopped && isInTime()) {
      const next = waiting.shift();
      if (!next) return;
      await run(next.pattern, next.env);
    }
  }),
);
if (!isStopped) await run(`^(${TIMED}).*\\.test\\.ts$`);

/**
 * What uvu prints of each file that has a failure: its path, and all up to the next one's.
 * @param {string} text
 */
function failuresOf(text) {
  const parts = text.split(/^(?=\S+\.test\.ts$)/m).filter((part) => /^ *FAIL /m.test(part));
  return parts.map((part) => ({
    file: part.split("\n", 1)[0] ?? "",
    tests: part.match(/^ *FAIL /gm)?.length ?? 0,
    text: part.replace(/^ +Total:[\s\S]*/m, "").trim(),
  }));
}

const first = over.map(({ ended, text }) => ({ ended, text: plainOf(text) }));
const failures = first.flatMap(({ text }) => failuresOf(text));
/**
 * Of which machine and neighbours may be the cause: they get a second try, alone, and are named either way.
 * @type {typeof failures}
 */
const passedThen = [];
for (const failure of isStopped ? [] : failures.slice(0, 5)) {
  await run(`^${failure.file.replaceAll(".", "\\.")}$`);
  if (over.at(-1)?.ended === 0) passedThen.push(failure);
}
const failed = failures.filter((failure) => !passedThen.includes(failure));
/** A group that ended badly without a failed test has broken off. */
const broken = first.filter(({ ended, text }) => ended !== 0 && failuresOf(text).length === 0);

/** @param {string} name */
const sum = (name) =>
  first.reduce((total, { text }) => {
    const found = [...text.matchAll(new RegExp(`^ *${name}: +([0-9.]+)`, "gm"))].at(-1);
    return total + Number(found?.[1] ?? 0);
  }, 0);
const saved = passedThen.reduce((total, { tests }) => total + tests, 0);
const slowest = times.toSorted((a, b) => b.seconds - a.seconds).slice(0, 24);
console.log("\nall tests");
for (const { file, seconds } of slowest)
  console.log(`  ${seconds.toFixed(0).padStart(4)} s  ${file}`);
for (const { text } of [...failed, ...passedThen]) console.log(`${text}\n`);
for (const { file } of passedThen) console.log(`  failed at first, and passed alone: ${file}`);
for (const { ended, text } of broken) {
  console.log(`  broke off (${ended}) in ${filesIn(text).at(-1) ?? "its first file"}`);
}
if (isStopped) console.log("  stopped from outside, before all tests were run");
for (const { pattern } of waiting) console.log(`  not begun, for want of time: ${pattern}`);
console.log(`  Total:     ${sum("Total")}`);
console.log(`  Passed:    ${sum("Passed") + saved}`);
console.log(`  Skipped:   ${sum("Skipped")}`);
console.log(`  Duration:  ${seconds().toFixed(0)} s`);
process.exit(failed.length === 0 && broken.length === 0 && !isStopped ? 0 : 1);
