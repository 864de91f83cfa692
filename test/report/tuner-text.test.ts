// The tuner's texts against what KerasTuner itself printed, and what is in the picture of trials.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { trialsSvg } from "../../src/report/charts/trials-chart.ts";
import {
  duration,
  formatGeneral,
  pythonFloat,
  resultsSummary,
  trialBlock,
  trialHeader,
  trialSummary,
} from "../../src/report/text/tuner-text.ts";
import { bestTrial, type Objective, type Trial } from "../../src/tune/trial.ts";
import { FIXTURE, finished, SPACES } from "../tune/fixture.ts";

const test = suite("tuner text");
const OBJECTIVE: Objective = { name: "val_accuracy", direction: "max" };

const [drawn] = FIXTURE.random.filter(({ seed }) => seed === 42);
const timed = (index: number, score: number, seconds: number): Trial => ({
  ...finished(String(index + 1), drawn?.trials[index]?.values ?? {}, score),
  seconds,
});
const TRIALS = [timed(0, 0.8899266123771667, 10.4), timed(1, 0.5, 93784.6)];
const best = bestTrial(TRIALS, OBJECTIVE);
const [first = TRIALS[0], second] = TRIALS;

test("two trials read as KerasTuner prints them", () => {
  if (!first || !second) throw new Error("the fixture has no trials");
  const block = { objective: OBJECTIVE, best };
  const text = [
    trialHeader(first, null),
    trialBlock({ ...block, trial: first, totalSeconds: 10.4 }),
    trialHeader(second, best),
    trialBlock({ ...block, trial: second, totalSeconds: 93795.2 }),
    "-----",
    ...TRIALS.map((trial) => `\n${trialSummary(trial, SPACES.mixed)}`),
    "",
  ].join("\n");
  const theirs = FIXTURE.display.text.replaceAll(
    /^Trial (\d+) summary/gm,
    (_, id) => `Trial ${Number(id) + 1} summary`,
  );
  // Codes that clear a line; and KerasTuner 1.4.7 takes the first trial for the best one while it runs.
  const codes = new RegExp(`${String.fromCharCode(27)}\\[2K|\\r`, "g");
  const [head = "", ...rest] = theirs.replaceAll(codes, "").split("Trial 1 Complete");
  const unknown = head.replaceAll(/\|[^|\n]+\|(?!Hyper)/g, `|${"?".padEnd(18)}|`);
  assert.is(text, [unknown, ...rest].join("Trial 1 Complete"));
});

test("numbers look as in Python", () => {
  for (const [value, text] of FIXTURE.display.general) assert.is(formatGeneral(value, 5), text);
  for (const [value, text] of FIXTURE.display.repr) assert.is(pythonFloat(value), text);
  assert.is(formatGeneral(Number.NaN, 5), "nan");
  assert.is(pythonFloat(Number.NEGATIVE_INFINITY), "-inf");
});

test("durations are rounded, halves to even, with days in front", () => {
  assert.equal([0.4, 0.5, 1.5, 59.6, 3661, 90061].map(duration), [
    "00h 00m 00s",
    "00h 00m 00s",
    "00h 00m 02s",
    "00h 01m 00s",
    "01h 01m 01s",
    "1d 01h 01m 01s",
  ]);
});

test("a failed trial says why", () => {
  const failed = { ...finished("3", { a: "x" }, null), message: "the loss became NaN" };
  const text = trialBlock({
    trial: failed,
    objective: OBJECTIVE,
    best: null,
    totalSeconds: 1,
  });
  assert.match(
    text,
    /^Trial 3 Complete \[00h 00m 00s\]\nTrial failed: the loss became NaN\n\nBest val_accuracy So Far: None/,
  );
  const summary = { folder: "runs/x", objective: OBJECTIVE, space: SPACES.small, trials: [failed] };
  assert.is(
    resultsSummary(summary),
    [
      "Results summary",
      "Results in runs/x",
      "Showing 10 best trials",
      'Objective(name="val_accuracy", direction="max")',
      "",
      "Trial 3 summary",
      "Hyperparameters:",
      "a: x",
      "the loss became NaN",
    ].join("\n"),
  );
});

test("long words are cut, and absent values of the best trial are None", () => {
  const values = { name: "a value of more than eighteen letters", deep: true, units: 12 };
  const known = bestTrial([finished("1", { name: "b", deep: false }, 1)], OBJECTIVE);
  const lines = trialHeader(finished("2", values, null), known).split("\n");
  assert.ok(lines.includes("a value of more...|b                 |name"));
  assert.ok(lines.includes("True              |False             |deep"));
  assert.ok(lines.includes("12                |None              |units"));
});

test("the picture names the best trial and every parameter that was searched", async () => {
  const trials = [...TRIALS, finished("3", drawn?.trials[2]?.values ?? {}, null)];
  const svg = await trialsSvg({ trials, space: SPACES.mixed, objective: OBJECTIVE });
  const texts = [...svg.matchAll(/>([^<>]+)</g)].map((match) => match[1] ?? "");
  assert.ok(texts.includes("best val_accuracy 88.99% in trial 1 of 3; 1 of 3 failed"));
  assert.not.match(svg, /tie:|also equal/);
  for (const { name, kind } of SPACES.mixed)
    assert.is(texts.includes(name), kind !== "fixed", name);
  assert.not.match(svg, /NaN|undefined|Infinity/);
  const narrow = await trialsSvg({ trials, space: SPACES.mixed, objective: OBJECTIVE }, "narrow");
  assert.match(narrow, /max-width:3[0-7]\dpx/);
});

test("trials of one score are said and drawn as equal", async () => {
  const values = drawn?.trials ?? [];
  const scores = [0.5, 0.8, 0.8, 0.5, 0.6];
  const trials = scores.map((score, i) => finished(String(i + 1), values[i]?.values ?? {}, score));
  const svg = await trialsSvg({ trials, space: SPACES.mixed, objective: OBJECTIVE });
  const texts = [...svg.matchAll(/>([^<>]+)</g)].map((match) => match[1] ?? "");
  for (const text of [
    "a tie: best val_accuracy 80.00% in trials 2 and 3 of 5",
    "also equal: 1 and 4 (50.00%)",
    "2 = 3",
    "1 = 4",
    "in the strong colour: the 2 trials that tie for the best; the paler a line, the worse its trial; = is a tie",
  ]) {
    assert.ok(texts.includes(text), text);
  }
});

test("a picture of failures only, or of nothing, is still drawn", async () => {
  for (const trials of [[], [finished("1", { a: "x", b: true }, null)]]) {
    const svg = await trialsSvg({ trials, space: SPACES.small, objective: OBJECTIVE });
    assert.match(svg, /no trial was scored/);
    assert.not.match(svg, /NaN|undefined|Infinity/);
  }
});

test.run();
