// `npm run bench`: throughput of every kernel and variant, and of the whole training step, on the adapter at hand; beside a result
// of before, beside programs of others, or what results of many days say.

import { defineCommand } from "../src/cli/frame/command.ts";
import { checkOutputFile } from "../src/cli/inputs/output-file.ts";
import { UsageError } from "../src/engine/core/errors.ts";
import { type JsonValue, writeAtomically } from "../src/io/files.ts";
import { type BenchContext, FLAGS, POSITIONALS } from "./bench-context.ts";
import { drawHistory } from "./history/draw-history.ts";
import { comparePeers } from "./peers/peers.ts";
import { type Against, againstLines, checkComparable, compareResults } from "./sitting/against.ts";
import { isWanted, measure, wantedBy } from "./sitting/measure.ts";
import { type BenchResult, loadResult, readResult } from "./sitting/result.ts";

export const benchCommand = defineCommand({
  name: "npm run bench --",
  summary:
    "Times every kernel variant, whole passes and training steps on this machine's adapter, and says when the machine is too noisy to be believed.",
  examples: [
    { command: "npm run bench", does: "everything" },
    {
      command: "npm run bench -- --filter conv2",
      does: "the second convolution, forward and backward",
    },
    {
      command: "npm run bench -- --filter choice",
      does: "the rungs by measurement beside those of the built-in order",
    },
    { command: "npm run bench -- --filter train --json", does: "the training step, for a machine" },
    { command: "npm run bench -- --out before.json", does: "a result to come back to" },
    {
      command: "npm run bench -- --against before.json",
      does: "what has become slower since; then the exit code is 1",
    },
    {
      command: "npm run bench -- --against before.json after.json",
      does: "two results; measures nothing",
    },
    {
      command: "npm run bench -- --peers ../peers --filter tfjs",
      does: "TensorFlow.js in turns with our own training step",
    },
    {
      command: "npm run bench -- --history",
      does: "every case over the days of bench/results, as bench-history.svg",
    },
  ],
  positionals: POSITIONALS,
  flags: FLAGS,
  run: bench,
});

async function bench(context: BenchContext): Promise<void> {
  const { flags, positionals, json } = context;
  const [path] = positionals;
  checkModes(flags, path);
  if (flags.history) json(await drawHistory(context, path));
  else if (flags.peers !== undefined) await benchPeers(context, flags.peers);
  else if (flags.against === undefined) await benchAlone(context);
  else if (path === undefined) await benchAgainst(context, flags.against);
  else await compareFiles(context, flags.against, path);
}

/** Refuses what would be without effect. */
function checkModes(flags: BenchContext["flags"], path: string | undefined): void {
  const { against, peers, history, anyAdapter, rounds, out } = flags;
  const modes = [
    ...(against === undefined ? [] : ["--against"]),
    ...(peers === undefined ? [] : ["--peers"]),
    ...(history ? ["--history"] : []),
  ];
  if (modes.length > 1) throw new UsageError(`${modes[1]}: cannot be given with ${modes[0]}`);
  const only = (flag: string, mode: string) =>
    new UsageError(`${flag}: says something only with ${mode}`);
  if (anyAdapter && against === undefined) throw only("--any-adapter", "--against");
  if (rounds !== undefined && peers === undefined) throw only("--rounds", "--peers");
  if (path === undefined) return;
  if (against === undefined && !history) throw only(path, "--history or --against");
  if (against !== undefined && out !== undefined) {
    throw new UsageError(`--out: is not written where two results are compared, got ${out}`);
  }
}

async function benchAlone(context: BenchContext): Promise<void> {
  const wanted = wantedBy(context.flags.filter);
  await checkOutputFile("out", context.flags.out, ".json");
  const { device, result } = await measure(context, wanted);
  await writeOut(context, result);
  context.json(result);
  device.destroy();
}

async function benchPeers(context: BenchContext, folder: string): Promise<void> {
  await checkOutputFile("out", context.flags.out, ".json");
  const found = await comparePeers(context, folder);
  await writeOut(context, found);
  context.json(found);
}

async function benchAgainst(context: BenchContext, file: string): Promise<void> {
  const { flags, json, signal } = context;
  const wanted = wantedBy(flags.filter);
  await checkOutputFile("out", flags.out, ".json");
  const before = await loadResult(file);
  if (!before.cases.some(({ name }) => isWanted(flags.filter, name))) throw nothingInCommon();
  const check = (now: Pick<BenchResult, "adapter" | "isSoftware">) =>
    checkComparable(before, now, flags);
  const { device, result } = await measure(context, wanted, check);
  device.destroy();
  await writeOut(context, result);
  // What was cut short has not lost the cases that it did not come to.
  if (signal.aborted) {
    json(result);
    return;
  }
  const found = comparison(before, readResult(result, "this result"), flags.filter);
  tell(context, found);
  json({ ...result, against: found as unknown as JsonValue });
}

async function compareFiles(context: BenchContext, first: string, second: string): Promise<void> {
  const { flags, say, style, json } = context;
  const [before, now] = [await loadResult(first), await loadResult(second)];
  checkComparable(before, now, flags);
  const found = comparison(before, now, flags.filter);
  say(style.bold("vitrine: two results beside each other"));
  for (const line of [`before     ${first}`, `now        ${second}`]) say(line);
  tell(context, found);
  json({ before: first, after: second, against: found as unknown as JsonValue });
}

/** Throws UsageError where there is nothing to compare. */
function comparison(before: BenchResult, now: BenchResult, filter: string | undefined): Against {
  const filtered = (result: BenchResult): BenchResult => ({
    ...result,
    cases: result.cases.filter(({ name }) => isWanted(filter, name)),
  });
  const found = compareResults(filtered(before), filtered(now));
  if (found.slower + found.faster + found.same > 0) return found;
  throw nothingInCommon();
}

function nothingInCommon(): UsageError {
  return new UsageError("--against: must have a case in common with this result, got none");
}

/** Prints what differs, and sets the exit code. */
function tell({ say, style, setExitCode }: BenchContext, found: Against): void {
  const [head = "", ...lines] = againstLines(found);
  say();
  say(style.bold(head));
  for (const line of lines) say(line.startsWith("warning ") ? style.yellow(line) : line);
  if (found.slower > 0) setExitCode(1);
}

/** Not what was cut short. */
async function writeOut({ flags, say, finish, signal }: BenchContext, result: JsonValue) {
  const { out } = flags;
  if (out === undefined || signal.aborted) return;
  await finish(() => writeAtomically(out, `${JSON.stringify(result)}\n`));
  say(`written    ${out}`);
}
