// Schedules and optimisers that can be asked for by name, against Keras's formulas, and what is refused.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { UsageError } from "../../src/engine/core/errors.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { allRows, uploadDataset } from "../../src/train/device-data.ts";
import { fit } from "../../src/train/fit.ts";
import { SCHEDULE_NAMES, scheduleOf } from "../../src/train/schedules.ts";
import {
  checkOptimisation,
  fitSettings,
  type Optimisation,
  type TrainingSettings,
} from "../../src/train/training.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("training");
const BASE = { epochs: 4, batchSize: 20, learningRate: 0.02, patience: 0 };

async function trained(settings: Optimisation, validationRows = 20) {
  const device = await gpu();
  const train = allRows(uploadDataset(device, smallDataset(60)));
  const validation = allRows(uploadDataset(device, smallDataset(validationRows, 2)));
  const all: TrainingSettings = { ...BASE, ...settings };
  return fit(device, lenet5(), { ...fitSettings(all), train, validation, seed: 3 });
}

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-7 * BASE.learningRate, `${actual} ${expected}`);
}

test("the rates of each schedule are Keras's", async () => {
  const formulas = {
    study: (epoch: number) => 0.02 * Math.exp(-0.1 * Math.max(0, epoch - 9)),
    constant: () => 0.02,
    // tf.keras: initial · decay_rate ^ floor(step / decay_steps)
    exponential: (epoch: number) => 0.02 * 0.9 ** epoch,
    // tf.keras: initial · 0.5 · (1 + cos(π · step / decay_steps))
    cosine: (epoch: number) => 0.02 * 0.5 * (1 + Math.cos((Math.PI * epoch) / 4)),
  };
  for (const [name, formula] of Object.entries(formulas)) {
    const known = SCHEDULE_NAMES.find((schedule) => schedule === name) ?? "study";
    const { history } = await trained({ schedule: known });
    assert.is(history.length, 4);
    for (const [epoch, logs] of history.entries()) near(logs["lr"] ?? 0, formula(epoch));
  }
  const cosine = scheduleOf("cosine", BASE);
  near(cosine?.(4, 1) ?? 1, 0);
});

test("plateau halves the rate after two epochs without a better val_loss, and logs it", async () => {
  const { callbacks, schedule } = fitSettings({ ...BASE, schedule: "plateau" });
  assert.is(schedule, undefined);
  let learningRate = 0.02;
  const weights = new Map();
  const control = {
    get learningRate() {
      return learningRate;
    },
    set learningRate(value: number) {
      learningRate = value;
    },
    ...{ weights, stop: () => undefined, restore: () => undefined },
  };
  const rates: (number | undefined)[] = [];
  for (const callback of callbacks) await callback.onTrainBegin?.(control);
  for (const [epoch, loss] of [1, 1, 1, 1, 0.5].entries()) {
    const logs: Record<string, number> = { val_loss: loss };
    for (const callback of callbacks) await callback.onEpochEnd?.(epoch, logs, control);
    rates.push(logs["lr"]);
  }
  assert.equal(rates, [0.02, 0.02, 0.02, 0.01, 0.01]);
});

test("sgd, its momentum and Nesterov each train otherwise, and adam is the default", async () => {
  const kinds: readonly Optimisation[] = [
    {},
    { optimizer: "sgd" },
    { optimizer: "sgd", momentum: 0.9 },
    { optimizer: "sgd", momentum: 0.9, nesterov: true },
  ];
  const runs = [];
  for (const settings of kinds) runs.push(await trained(settings));
  const losses = runs.map(({ history }) => history.at(-1)?.["loss"]);
  assert.is(new Set(losses).size, kinds.length);
  const names = runs.map(({ program }) => program.dispatches.at(-2)?.kernel.label.split("/")[0]);
  assert.equal(names, ["adam", "sgd", "sgd", "sgd"]);
  assert.equal((await trained({ optimizer: "adam" })).history, runs[0]?.history);
});

test("what would be without effect is refused, and names the argument", () => {
  const cases: readonly (readonly [Optimisation, string, RegExp])[] = [
    [{ momentum: 0.9 }, "momentum", /^momentum: is for the optimisers sgd and rmsprop, got adam$/],
    [{ optimizer: "adam", momentum: 0 }, "momentum", /^momentum: is for the optimisers sgd/],
    [{ optimizer: "rmsprop", nesterov: true }, "nesterov", /^nesterov: is for the optimiser sgd/],
    [{ loss: "mse", labelSmoothing: 0.1 }, "labelSmoothing", /^labelSmoothing: is for the cross-/],
    [{ clipNorm: 0 }, "clipNorm", /^clipNorm: is a number above 0, got 0$/],
    [
      { clipValue: 1, globalClipNorm: 1 },
      "globalClipNorm",
      /one way, got clipValue and globalClip/,
    ],
    [{ nesterov: true }, "nesterov", /^nesterov: is for the optimiser sgd, got adam$/],
    [{ optimizer: "sgd", nesterov: true }, "nesterov", /^nesterov: needs a momentum .*, got none$/],
    [{ optimizer: "sgd", nesterov: true, momentum: 0 }, "nesterov", /momentum above 0, got 0$/],
  ];
  for (const [settings, argument, message] of cases) {
    try {
      checkOptimisation(settings);
      assert.unreachable(JSON.stringify(settings));
    } catch (error) {
      assert.instance(error, UsageError);
      if (!(error instanceof UsageError)) return;
      assert.is(error.argument, argument);
      assert.match(error.message, message);
    }
  }
  checkOptimisation({ optimizer: "sgd", momentum: 0.9, nesterov: true });
});

test.run();
