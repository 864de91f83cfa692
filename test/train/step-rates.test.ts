// Rates that go by steps: compiled models that real Keras saved after three steps go on as its own next ten did, along their
// schedules, also within an epoch (test/fixtures/keras-step-rates.py); and what a file says of that afterwards.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Dataset } from "../../src/data/dataset.ts";
import { compileConfig, trainingConfig } from "../../src/keras/compiled/write-compiled.ts";
import { readKerasModel } from "../../src/keras/read-model.ts";
import { compiledOf, compiledTraining } from "../../src/train/compiled-training.ts";
import { allRows, uploadDataset } from "../../src/train/device-data.ts";
import { type FitOptions, fit } from "../../src/train/fit.ts";
import { fitSettings } from "../../src/train/training.ts";
import { gpu } from "../support/gpu.ts";

const test = suite("rates by steps");

const FOLDER = fileURLToPath(new URL("../fixtures/step-rates/", import.meta.url));
const {
  rows,
  batch,
  seed,
  losses,
}: {
  readonly rows: number;
  readonly batch: number;
  readonly seed: number;
  readonly losses: Readonly<Record<string, readonly number[]>>;
} = JSON.parse(readFileSync(`${FOLDER}losses.json`, "utf8"));

const images: Dataset = {
  ...{ name: "ramp", rows, height: 4, width: 4, channels: 1 },
  images: Uint8Array.from({ length: rows * 16 }, (_, i) => (i * 37 + 11) % 256),
  labels: Uint8Array.from({ length: rows }, (_, i) => i % 3),
  classNames: ["a", "b", "c"],
};

const model = { name: "net", architecture: {} };

async function goOn(name: string, more: Partial<FitOptions> = {}) {
  const read = await readKerasModel(`${FOLDER}${name}.keras`, { optimizer: true });
  const { optimisation, learningRate, state } = compiledTraining({}, read.compiled, model);
  const settings = { ...optimisation, learningRate: learningRate ?? Number.NaN };
  const device = await gpu();
  const run = await fit(device, read.model, {
    ...fitSettings({ ...settings, epochs: 5, batchSize: batch, patience: 0 }),
    ...{ train: allRows(uploadDataset(device, images)), seed, keepBest: undefined },
    ...{ initialWeights: read.weights, initialOptimizer: state ?? undefined },
    ...{ optimizerBytes: 2 ** 20, ...more },
  });
  return { run, settings, read };
}

for (const [name, theirs] of Object.entries(losses)) {
  test(`${name}: ten steps more, in epochs of a whole batch and the rest, as Keras's`, async () => {
    const { run } = await goOn(name);
    assert.is(run.steps, 10);
    for (const [epoch, loss] of theirs.entries()) {
      const own = run.history[epoch]?.["loss"] ?? Number.NaN;
      assert.ok(Math.abs(own - loss) < 1e-5, `${name}, epoch ${epoch}: ${own} and ${loss}`);
    }
  });
}

test("the rate of an epoch's last step is logged, and held fixed it gives other losses", async () => {
  const { run } = await goOn("exponential");
  const rates = run.history.map(({ lr }) => lr);
  // After three steps of before, steps 4 and 5, 6 and 7 and so on, from 0: of the second each.
  assert.equal(
    rates,
    [4, 6, 8, 10, 12].map((step) => Math.fround(0.05 * 0.5 ** (step / 4))),
  );
  const held = await goOn("exponential", { rateOfStep: undefined });
  const last = (history: typeof run.history) => history.at(-1)?.["loss"] ?? Number.NaN;
  assert.ok(Math.abs(last(held.run.history) - last(run.history)) > 1e-3);
});

test("a training that was broken off within an epoch goes on at the step's rate", async () => {
  const stopping = new AbortController();
  let kept: FitOptions["resume"];
  const whole = await goOn("staircase");
  await goOn("staircase", {
    signal: stopping.signal,
    checkpoints: {
      minutes: 0,
      save: async (state) => {
        if (state.epoch < 2) return;
        kept = state;
        stopping.abort();
      },
    },
  });
  if (!kept) throw new Error("a state must be kept, got none");
  const { run } = await goOn("staircase", { resume: kept });
  assert.equal(run.history, whole.run.history);
  assert.equal([...run.weights.values()], [...whole.run.weights.values()]);
});

test("a file says the schedule again, in each spelling, and a rate that is asked for ends it", async () => {
  const { run, settings, read } = await goOn("piecewise");
  const compiled = compiledOf(settings, run.kept?.optimizer ?? null);
  assert.is(compiled.state?.steps, 13);
  const written = {
    ...{ module: "keras.optimizers.schedules", class_name: "PiecewiseConstantDecay" },
    config: { boundaries: [4, 9], values: [0.5, 0.1, 0.02], name: "PiecewiseConstant" },
    registered_name: null,
  };
  const [new3, old] = [compileConfig(compiled, 3), trainingConfig(compiled, "both")];
  for (const said of [new3["optimizer"], old?.["optimizer_config"]]) {
    const { config } = said as { readonly config: Readonly<Record<string, unknown>> };
    assert.equal(config["learning_rate"], written);
  }
  for (const asked of [{ learningRate: 0.3 }, { schedule: "constant" }]) {
    const { optimisation } = compiledTraining(asked, read.compiled, model);
    assert.equal([optimisation.stepSchedule, optimisation.schedule], [undefined, "constant"]);
  }
});

test.run();
