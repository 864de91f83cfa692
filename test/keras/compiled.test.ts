// How models that real Keras saved were compiled, and the losses that it had next (test/fixtures/keras-compiled.py): settings
// are read, and training goes on from the optimiser's state as Keras itself went on.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Dataset } from "../../src/data/dataset.ts";
import { describeModel } from "../../src/engine/layers/model.ts";
import { createOptimizer } from "../../src/engine/optim/create-optimizer.ts";
import type { Compiled } from "../../src/keras/compiled/compiled.ts";
import { readCompiled } from "../../src/keras/compiled/read-compiled.ts";
import { scheduleRate } from "../../src/keras/compiled/schedule-rate.ts";
import { type ReadModel, readKerasModel } from "../../src/keras/read-model.ts";
import { allRows, uploadDataset } from "../../src/train/device-data.ts";
import { fit } from "../../src/train/fit.ts";
import { gpu } from "../support/gpu.ts";
import { losses } from "./continued.ts";

const test = suite("compiled models of Keras");

const FOLDER = fileURLToPath(new URL("../fixtures/compiled/", import.meta.url));
const recorded: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = JSON.parse(
  readFileSync(`${FOLDER}compiled.json`, "utf8"),
);

const images: Dataset = {
  ...{ name: "ramp", rows: 8, height: 4, width: 4, channels: 1 },
  images: Uint8Array.from({ length: 8 * 16 }, (_, i) => (i * 37 + 11) % 256),
  labels: Uint8Array.from({ length: 8 }, (_, i) => i % 3),
  classNames: ["a", "b", "c"],
};

const read = (file: string): Promise<ReadModel> =>
  readKerasModel(FOLDER + file, { optimizer: true });

async function compiledOf(file: string): Promise<Compiled> {
  const { compiled } = await read(file);
  if (!compiled) throw new Error(`${file}: is not compiled`);
  return compiled;
}

async function goOn(file: string, epochs: number): Promise<readonly number[]> {
  const { model, weights, compiled } = await read(file);
  const { optimizer, settings, state, schedule, learningRate } = compiled ?? {};
  if (!optimizer || !state || learningRate == null) throw new Error(`${file}: has no state`);
  const device = await gpu();
  const train = allRows(uploadDataset(device, images));
  const run = await fit(device, model, {
    ...{ train, learningRate, batchSize: 8, epochs, seed: 1 },
    ...{ initialWeights: weights, initialOptimizer: state },
    optimizer: createOptimizer(optimizer, settings),
    ...(schedule && { schedule: (epoch) => scheduleRate(schedule, state.steps + epoch) ?? 0 }),
  });
  return losses(run);
}

const WITHOUT_STATE = /^(other|amsgrad)-/;

for (const [version, files] of Object.entries(recorded)) {
  test(`Keras ${version}: training goes on as Keras's did`, async () => {
    for (const [file, theirs] of Object.entries(files)) {
      if (WITHOUT_STATE.test(file)) continue;
      const ours = await goOn(file, theirs.length);
      for (const [step, loss] of theirs.entries()) {
        const own = ours[step] ?? Number.NaN;
        assert.ok(Math.abs(own - loss) < 1e-5, `${file}, step ${step}: ${own} and ${loss}`);
      }
    }
  });
}

test("settings, loss and metrics are told in our words", async () => {
  for (const file of ["sgd-3.12.0.keras", "sgd-2.15.0.h5"]) {
    const { state, learningRate, ...found } = await compiledOf(file);
    assert.is(learningRate, Math.fround(0.1));
    assert.is(state?.steps, 3);
    assert.equal(found, {
      ...{ optimizer: "sgd", schedule: null, notes: [] },
      settings: { momentum: 0.9, nesterov: true, clipNorm: 1 },
      loss: { name: "sparse_categorical_crossentropy", options: {} },
      metrics: ["accuracy"],
    });
  }
  const { settings } = await compiledOf("rmsprop-2.15.0.h5");
  assert.equal(settings, { momentum: 0.5, centered: true });
  assert.equal((await compiledOf("adagrad-3.12.0.keras")).settings, {
    initialAccumulatorValue: 0.2,
  });
});

test("what has no counterpart here is named", async () => {
  const other = await compiledOf("other-3.12.0.keras");
  assert.equal([other.optimizer, other.state], [null, null]);
  assert.equal(other.notes, ["the optimiser Adamax is none of ours"]);
  const { optimizer, state, notes } = await compiledOf("amsgrad-2.15.0.h5");
  assert.equal([optimizer, state], ["adam", null]);
  assert.equal(notes, [
    "amsgrad of the optimiser is not computed here, got true",
    "what Adam had come to is not taken over, got 12 variables for 8 of 4 weights",
  ]);
  const decay = await compiledOf("decay-2.15.0.keras");
  assert.is(decay.learningRate, 0.01 * 0.5 ** 1.5);
  assert.match(decay.notes.join(), /^the rate is ExponentialDecay's, which goes by steps/);
});

test("a Nadam that takes other steps than ours is named", () => {
  const config = { learning_rate: 0.01, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 };
  const notes = (more: object) => {
    const saved = { optimizer_config: { class_name: "Nadam", config: { ...config, ...more } } };
    return readCompiled({ config: saved, variables: () => [], steps: () => 0 }, null).notes;
  };
  const goesOn = "training goes on with Keras 3's Nadam, whose momentum";
  assert.equal(notes({}), []);
  assert.equal(notes({ decay: 0.004 }), [
    `${goesOn} grows by 0.96^t, got 0.96^(0.004·t) in the file`,
  ]);
  assert.equal(notes({ is_legacy_optimizer: false }), [
    `${goesOn} is taken once a step, got TF-Keras's, which takes it once a weight`,
  ]);
});

test("a layer that is called several times is one layer", async () => {
  const { model } = await read("shared-3.12.0.keras");
  const { layers, calls, trainable } = describeModel(model);
  assert.is(layers.filter(({ name }) => name === "twin").length, 1);
  assert.equal(
    [...calls].map(([name, all]) => [name, all.length]),
    [
      ...[
        ["conv", 1],
        ["twin", 3],
        ["inner_conv", 3],
      ],
      ...[
        ["both", 1],
        ["pool", 1],
        ["out", 1],
      ],
    ],
  );
  assert.is(trainable, 20 + 6 + 38 + 15);
});

test("the state is read where it is asked for", async () => {
  const { compiled } = await readKerasModel(`${FOLDER}adam-3.12.0.keras`);
  assert.is(compiled?.state, null);
  assert.equal(compiled?.notes, []);
});

test("schedules give Keras's rates", () => {
  const rates = (className: string, config: object, steps: readonly number[]) =>
    steps.map((step) => scheduleRate({ className, config: { ...config } }, step));
  const decay = { initial_learning_rate: 1, decay_steps: 10, decay_rate: 0.5 };
  assert.equal(
    rates("ExponentialDecay", { ...decay, staircase: true }, [9, 10, 25]),
    [1, 0.5, 0.25],
  );
  assert.equal(rates("InverseTimeDecay", decay, [0, 10, 20]), [1, 1 / 1.5, 0.5]);
  const line = { initial_learning_rate: 1, decay_steps: 10, end_learning_rate: 0, power: 1 };
  assert.equal(rates("PolynomialDecay", line, [0, 5, 20]), [1, 0.5, 0]);
  assert.equal(rates("PolynomialDecay", { ...line, cycle: true }, [15, 20]), [0.25, 0]);
  const steps = { boundaries: [2, 4], values: [3, 2, 1] };
  assert.equal(rates("PiecewiseConstantDecay", steps, [2, 3, 5]), [3, 2, 1]);
  const cosine = { initial_learning_rate: 0, decay_steps: 10, warmup_target: 2, warmup_steps: 4 };
  assert.equal(rates("CosineDecay", cosine, [0, 2, 4, 9, 14, 99]), [0, 1, 2, 1, 0, 0]);
  assert.equal(rates("OwnSchedule", {}, [1]), [null]);
});

test.run();
