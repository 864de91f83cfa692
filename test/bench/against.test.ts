// Two results beside each other: what counts as slower, what is said, and the exit code; also what the tables of a sitting look like.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { benchCommand } from "../../bench/bench-command.ts";
import { againstLines, compareResults } from "../../bench/sitting/against.ts";
import { readResult } from "../../bench/sitting/result.ts";
import {
  caseHeading,
  kernelHead,
  kernelRow,
  shortened,
  WIDTH,
} from "../../bench/sitting/sitting-text.ts";
import { executeCommand } from "../../src/cli/frame/command.ts";
import { benchCases } from "../../src/inspect/timing/cases.ts";
import { memoryHost } from "../cli/host.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { type SampleOptions, sampleResult } from "./sample-results.ts";

const test = suite("bench: against");

const read = (options?: SampleOptions) => readResult(sampleResult(options), "f.json");

function verdicts(before: SampleOptions, now: SampleOptions): Readonly<Record<string, string>> {
  const { changes } = compareResults(read(before), read(now));
  return Object.fromEntries(changes.map(({ name, verdict }) => [name, verdict]));
}

test("slower and faster are what lies beyond the spread of both", () => {
  const kernels = { "conv2 dx/naive": 10, "conv2 dx/tiled": 10, "conv2 dx/gemm": 10 };
  const later = { "conv2 dx/naive": 12, "conv2 dx/tiled": 8, "conv2 dx/gemm": 10.5 };
  assert.equal(verdicts({ kernels }, { kernels: later }), {
    "conv2 dx naive": "slower",
    "conv2 dx tiled": "faster",
    "conv2 dx gemm": "same",
    "train step lenet5 batch 50": "same",
  });
  // The same medians, but samples of one of the two lie as far apart as they do.
  const loose = verdicts({ kernels }, { kernels: later, spread: 0.25 });
  assert.equal([loose["conv2 dx naive"], loose["conv2 dx tiled"]], ["same", "same"]);
  const steady = { kernels, spread: 0 };
  assert.is(verdicts(steady, { ...steady, step: 6.1 })["train step lenet5 batch 50"], "same");
  assert.is(verdicts(steady, { ...steady, step: 6.2 })["train step lenet5 batch 50"], "slower");
});

test("what only one of them has is named, and doubts are told", () => {
  const before = read({ kernels: { "conv1 dw/naive": 3, "conv2 dx/naive": 12 }, spread: 0.4 });
  const found = compareResults(before, { ...read(), gflops: 40 });
  assert.equal([found.slower, found.faster, found.same], [0, 0, 2]);
  const lines = againstLines(found);
  assert.equal(lines.slice(1, 3), [
    `${"conv2 dx naive".padEnd(46)}   12.000   12.000   ×1.00`,
    `${"train step lenet5 batch 50".padEnd(46)}    6.000    6.000   ×1.00`,
  ]);
  assert.equal(lines.slice(4), [
    "only before conv1 dw naive",
    "only now    conv2 dx subgroup, pool1 max dx",
    "warning    the machine was too noisy before",
    "warning    the ceiling was 64.0 GFLOPS, and is 40.0",
    "beyond the spread of both: 0 slower, 0 faster; 2 within it",
  ]);
});

test("no line of a table is longer than 80 columns, whatever the case is called", () => {
  const long = "a network with a very long name indeed 1² 1×1 1024→2048 forward subgroup";
  const slow = { ms: 123456, lower: 1, upper: 500000, p90: 234567, best: 99999, share: 1.5 };
  const result = { ...slow, variant: "a rung of a long name", gflops: 123456, gbs: null };
  const lines = [
    ...[...benchCases()].map(caseHeading),
    caseHeading({ name: `${long} ${long}`, shape: long }),
    kernelHead(),
    kernelRow({ name: long, shape: long, dispatches: 1, ...result }),
  ];
  const kernels = { [`${long}/naive`]: 99999, "conv2 dx/naive": 12 };
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`case ${i} ${long}/x`, 1]));
  lines.push(...againstLines(compareResults(read({ kernels }), read({ kernels }))));
  lines.push(...againstLines(compareResults(read({ kernels: many }), read())));
  for (const line of lines) assert.ok(line.length <= WIDTH, line);
  assert.is(shortened("resnet152v2 1² 1×1 1024→2048 forward", 24), "resnet152v2 …048 forward");
  assert.is(shortened("fc3 dx", 24), "fc3 dx");
});

async function run(...args: readonly string[]) {
  const host = memoryHost();
  const code = await executeCommand(benchCommand, args, host);
  return { code, stdout: host.stdout.text, stderr: host.stderr.text };
}

/** Paths of results in a folder of their own. */
function written(results: Readonly<Record<string, SampleOptions>>) {
  const folder = temporaryFolder();
  return Object.keys(results).map((name) => {
    const path = join(folder, `${name}.json`);
    writeFileSync(path, JSON.stringify(sampleResult(results[name])));
    return path;
  });
}

test("a regression ends with 1, and all else that compares with 0", async () => {
  const [before = "", slower = "", faster = ""] = written({
    ...{ before: {}, slower: { step: 9 }, faster: { step: 4 } },
  });
  const worse = await run("--against", before, slower);
  assert.is(worse.code, 1, worse.stderr);
  assert.match(worse.stdout, /^train step lenet5 batch 50 +6\.000 +9\.000 +×1\.50 slower$/m);
  assert.is((await run("--against", before, before)).code, 0);
  assert.is((await run("--against", before, faster)).code, 0);
  const { code, stdout } = await run("--against", before, slower, "--filter", "conv2", "--json");
  assert.is(code, 0);
  const { against } = JSON.parse(stdout);
  assert.equal([against.changes.length, against.slower, against.same], [2, 0, 2]);
});

test("what cannot be compared is refused in one line", async () => {
  const [here = "", there = "", hardware = "", other = ""] = written({
    here: {},
    there: { adapter: "llvmpipe: Mesa 26.1.0" },
    hardware: { adapter: "a card", isSoftware: false },
    other: { kernels: { "fc1 dx/naive": 1 } },
  });
  const refused = async (args: readonly string[], message: RegExp) => {
    const { code, stdout, stderr } = await run(...args);
    assert.equal([code, stdout], [2, ""], stderr);
    assert.match(stderr, message);
    assert.match(stderr, /^error: .*\n(help: .*\n)?$/);
  };
  await refused(["--against", here, there], /got one of .*7 .*\nhelp: --any-adapter compares/s);
  assert.is((await run("--against", here, there, "--any-adapter")).code, 0);
  const never = /--against: must be of hardware, as this is, got a software adapter/;
  await refused(["--against", here, hardware, "--any-adapter"], never);
  await refused(["--against", here, other, "--filter", "conv"], /a case in common .* got none/);
  // Before anything is measured.
  await refused(["--against", other, "--filter", "conv2"], /a case in common .* got none/);
  const none = join(temporaryFolder(), "none.json");
  await refused(["--against", none], /none\.json: no such file/);
  await refused(["--against", here, "--history"], /--history: cannot be given with --against/);
  await refused(["--any-adapter"], /--any-adapter: says something only with --against/);
  await refused(["--rounds", "2"], /--rounds: says something only with --peers/);
  await refused([here], /here\.json: says something only with --history or --against/);
  await refused(["--against", here, there, "--out", none], /--out: is not written where two/);
});

test.run();
