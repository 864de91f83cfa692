// Callbacks against Keras's rules, driven by hand: no device.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Weights } from "../../src/engine/layers/variables.ts";
import type { Callback, Logs, TrainingControl } from "../../src/train/callbacks/callback.ts";
import { EarlyStopping } from "../../src/train/callbacks/early-stopping.ts";
import {
  holdThenDecay,
  LearningRateScheduler,
} from "../../src/train/callbacks/learning-rate-scheduler.ts";
import { TerminateOnNaN } from "../../src/train/callbacks/terminate-on-nan.ts";

const test = suite("callbacks");

/** Runs a callback over epochs with these logs, as the trainer does; weights are named after their epoch. */
async function drive(callback: Callback, epochs: readonly Logs[]) {
  let stopped = false;
  let weights: Weights = new Map();
  let restored: Weights | null = null;
  const rates: number[] = [];
  const control: TrainingControl = {
    learningRate: Math.fround(1e-3),
    get weights() {
      return weights;
    },
    stop: () => {
      stopped = true;
    },
    restore: (value) => {
      restored = value;
    },
  };
  await callback.onTrainBegin?.(control);
  let ran = 0;
  for (const [epoch, logs] of epochs.entries()) {
    if (stopped) break;
    await callback.onEpochBegin?.(epoch, control);
    weights = new Map([["w", new Float32Array([epoch])]]);
    rates.push(control.learningRate);
    await callback.onEpochEnd?.(epoch, logs, control);
    ran++;
  }
  await callback.onTrainEnd?.(control);
  const map = restored as Weights | null;
  return { ran, rates, restored: map?.get("w")?.[0] ?? null };
}

const losses = (...values: number[]): Logs[] => values.map((value) => ({ val_loss: value }));

test("early stopping stops `patience` epochs after the best one", async () => {
  const stopping = new EarlyStopping({ patience: 2, restoreBestWeights: true });
  const { ran, restored } = await drive(stopping, losses(0.5, 0.4, 0.45, 0.41, 0.3));
  assert.is(ran, 4);
  assert.is(stopping.stoppedEpoch, 3);
  assert.is(restored, 1);
});

test("an equal value is no improvement", async () => {
  const { ran } = await drive(new EarlyStopping({ patience: 1 }), losses(0.5, 0.5, 0.4));
  assert.is(ran, 2);
});

test("minDelta asks for more than a small gain", async () => {
  const stopping = new EarlyStopping({ patience: 1, minDelta: 0.1 });
  assert.is((await drive(stopping, losses(0.5, 0.45, 0.1))).ran, 2);
});

test("accuracies are maximised", async () => {
  const stopping = new EarlyStopping({
    monitor: "val_accuracy",
    patience: 1,
    restoreBestWeights: true,
  });
  const logs = [0.6, 0.7, 0.65].map((val_accuracy) => ({ val_accuracy }));
  assert.is((await drive(stopping, logs)).restored, 1);
});

test("infinite patience never stops, and still restores, as Keras 3 does", async () => {
  const stopping = new EarlyStopping({
    patience: Number.POSITIVE_INFINITY,
    restoreBestWeights: true,
  });
  const { ran, restored } = await drive(stopping, losses(0.2, 0.5, 0.6, 0.7));
  assert.is(ran, 4);
  assert.is(restored, 0);
});

test("without a finite value the first epoch's weights are kept", async () => {
  const stopping = new EarlyStopping({ patience: 9, restoreBestWeights: true });
  const { restored } = await drive(stopping, losses(Number.NaN, Number.NaN));
  assert.is(restored, 0);
});

test("the study's schedule holds for ten epochs and decays in float32, bit by bit", async () => {
  const path = new URL("../fixtures/lr_schedule.json", import.meta.url);
  const expected: { lr_f32_tf_math_exp: number[] } = JSON.parse(readFileSync(path, "utf8"));
  const epochs: Logs[] = Array.from({ length: 20 }, () => ({}));
  const { rates } = await drive(new LearningRateScheduler(holdThenDecay), epochs);
  assert.equal(rates, expected.lr_f32_tf_math_exp.map(Math.fround));
  assert.equal(
    epochs.map((logs) => logs["lr"]),
    rates,
  );
});

test("a NaN loss ends training", async () => {
  const callback = new TerminateOnNaN();
  assert.is((await drive(callback, [{ loss: 1 }, { loss: Number.NaN }, { loss: 1 }])).ran, 2);
  assert.is(callback.stoppedEpoch, 1);
});

test.run();
