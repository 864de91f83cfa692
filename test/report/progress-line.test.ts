// Progress lines against lines made by Keras's own formatting code (test/fixtures/console/make.py).

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  epochHeader,
  formatEta,
  formatMetric,
  keras2EpochLine,
  keras2Line,
  keras3Line,
  stepDuration,
} from "../../src/report/text/progress-line.ts";

const file = new URL("../fixtures/console/progress-lines.json", import.meta.url);
const lines = new Map<string, string>(Object.entries(JSON.parse(readFileSync(file, "utf8"))));
const test = suite("progress-line");

const TRAINED = [
  ["loss", 0.1586],
  ["accuracy", 0.9392],
] as const;
const VALIDATED = [
  ...TRAINED,
  ["val_loss", 0.2907],
  ["val_accuracy", 0.9036],
  ["lr", 9.048374e-4],
] as const;

const at = (current: number, target: number, elapsed: number, secondsPerStep: number) => ({
  current,
  target,
  elapsed,
  secondsPerStep,
});

test("Keras 2", () => {
  const done = at(1140, 1140, 4.2, 0.00345);
  assert.is(keras2Line({ ...done, metrics: VALIDATED }), lines.get("keras2_final"));
  const mid = at(77, 1140, 0.4, 0.004);
  assert.is(keras2Line({ ...mid, metrics: TRAINED }), lines.get("keras2_mid"));
  const evaluated = [["loss", 0.2921] as const, ["accuracy", 0.8954] as const];
  const whole = at(1874, 1874, 6.1, 0.0031);
  assert.is(keras2Line({ ...whole, metrics: evaluated }), lines.get("keras2_eval"));
  assert.is(keras2Line({ ...at(0, 1140, 0, 0), metrics: [] }), lines.get("keras2_start"));
});

test("times left in minutes and hours", () => {
  const minutes = at(100, 1140, 10, 0.1);
  assert.is(keras2Line({ ...minutes, metrics: TRAINED }), lines.get("keras2_minutes"));
  const hours = at(1, 1140, 10, 10);
  assert.is(keras2Line({ ...hours, metrics: TRAINED }), lines.get("keras2_hours"));
  assert.equal([60, 61, 3600, 3601].map(formatEta), ["60s", "1:01", "60:00", "1:00:01"]);
});

test("ties, zero and negative values", () => {
  const tie = [["loss", 1 / 32] as const, ["accuracy", 29 / 32] as const];
  assert.is(keras2Line({ ...at(10, 10, 2.5, 0.00025), metrics: tie }), lines.get("keras2_tie"));
  const odd = [["loss", 0] as const, ["accuracy", -2] as const];
  assert.is(keras2Line({ ...at(5, 10, 3.5, 2.5), metrics: odd }), lines.get("keras2_half"));
});

test("Keras 3 sorts the metrics and renames the learning rate", () => {
  const done = at(1140, 1140, 4.2, 0.00345);
  assert.is(keras3Line({ ...done, metrics: VALIDATED }), lines.get("keras3_final"));
  const mid = at(77, 1140, 0.4, 0.004);
  assert.is(keras3Line({ ...mid, metrics: TRAINED }), lines.get("keras3_mid"));
  const start = at(1, 1140, 0.4, 0.4);
  assert.is(keras3Line({ ...start, metrics: TRAINED }), lines.get("keras3_start"));
});

test("one line an epoch", () => {
  const line = keras2EpochLine({ ...at(1140, 1140, 4.2, 0.00345), metrics: TRAINED });
  const expected = "1140/1140 - 4s - loss: 0.1586 - accuracy: 0.9392 - 4s/epoch - 4ms/step";
  assert.is(line, expected);
  assert.is(epochHeader(3, 20), "Epoch 3/20");
});

test("values are float32, as in Keras's logs", () => {
  assert.is(formatMetric(0.001), "0.0010");
  assert.is(formatMetric(0.0009), "9.0000e-04");
  assert.is(formatMetric(Number.NaN), "nan");
});

test("the first step is left out of the mean", () => {
  assert.is(stepDuration({ current: 0, start: 0, now: 9 }), 0);
  assert.is(stepDuration({ current: 1, start: 10, now: 13, firstStepEnd: 13 }), 3);
  assert.is(stepDuration({ current: 5, start: 10, now: 15, firstStepEnd: 13 }), 0.5);
  assert.is(stepDuration({ current: 4, start: 10, now: 12 }), 0.5);
});

test.run();
