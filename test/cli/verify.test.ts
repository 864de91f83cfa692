// `npm run verify` as a process: what it prints of a step that is right and of one that is not, its exit codes, and what it
// refuses.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("verify command");
const DATA = smallIdxFolder({ train: 60, test: 10 });

const verify = (args: string, options = {}) =>
  runToEnd("verify", [...args.split(" "), "--data", DATA, "--batch-size", "10"], options);

test("a step that is right: a row a unit, in 80 columns, and 0", async () => {
  const { code, stdout } = await verify("--model lenet5 --rung gemm=tiled");
  assert.is(code, 0, stdout);
  assert.match(stdout, /^ +1 {2}conv2d .*conv2d\.forward, \w+ .* %$/m);
  assert.match(stdout, "gemm, tiled");
  assert.match(stdout, /^verdict +all \d+ within their bounds$/m);
  for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
});

test("a kernel that is wrong is named, with all figures, and 1", async () => {
  const { code, stdout, stderr } = await verify("--json", { preload: "./test/cli/wrong-adam.ts" });
  assert.is(code, 1, stdout + stderr);
  assert.match(stderr, /^ +\d+ {2}adam +adam\/update .*BEYOND$/m);
  assert.match(stderr, /^verdict +1 of \d+ out of bounds$/m);
  assert.match(
    stderr,
    /^out of bounds: #\d+ adam\n {2}kernel +adam\/update\n {2}worst +arena0\[\d+\], which is \w+\/\w+\[[\d, ]+\]/m,
  );
  assert.match(stderr, /^ {2}off by +\S+ \(\S+ ulp\); the bound is \S+$/m);
  const { isRight, checks, uncovered } = JSON.parse(stdout);
  assert.equal([isRight, uncovered], [false, []]);
  const wrong = checks.filter((check: { isWithin: boolean }) => !check.isWithin);
  assert.is(wrong.length, 1);
  assert.equal([wrong[0].kernels, wrong[0].tensor], [["adam/update"], "arena0"]);
  assert.is(wrong[0].worst.coordinates.length, 1);
});

test("many units are put together by kind, on demand not", async () => {
  const args = "--model resnet50v2 --weights none --step predict --input-size 32 --quiet --json";
  const { code, stdout } = await verify(args);
  assert.is(code, 0);
  const { units, checks, program } = JSON.parse(stdout);
  assert.is(program, "resnet50v2.predict.10");
  assert.ok(units > 100 && checks.length > units);
});

const REFUSED: readonly (readonly [args: string, error: RegExp])[] = [
  ["--rung gemm", /^error: --rung: must be ladder=rung, such as gemm=naive, got "gemm"$/m],
  ["--rung gem=naive", /^error: --rung: is no ladder, .* got gem\nhelp: did you mean gemm\?$/m],
  ["--rung gemm=quick", /^error: --rung: is no rung of gemm, which are naive, .* got quick$/m],
  ["--step learn", /^error: --step: must be train, evaluate or predict, got learn$/m],
  ["--limit 100", /^error: --limit: must be at most the 60 training rows, got 100$/m],
  ["--limit 5", /^error: --batch-size: must be at most the 5 rows, got 10$/m],
  ["runs/none", /^error: RUN: must be the folder of a saved run, got runs\/none/m],
  ["runs/none --model vgg16", /^error: --model: a saved run has a model of its own/m],
  ["runs/none --weights none", /^error: --weights: a saved run has a model of its own/m],
];

for (const [args, error] of REFUSED) {
  test(`refuses ${args}`, async () => {
    const { code, stdout, stderr } = await verify(args);
    assert.is(code, 2);
    assert.not.match(stdout, "within");
    assert.match(stderr, error);
  });
}

test.run();
