// Trains the networks of zoo-round-trip.py for five steps, writes them with what the optimiser came to, and goes on for ten: the
// losses that Keras is to have. Left out are those that train by chance, or not on images.
//   node src/setup/launch.mjs run test/keras/zoo-continued.ts FOLDER [MADE]

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv } from "node:process";
import type { Dataset } from "../../src/data/dataset.ts";
import { VitrineError } from "../../src/engine/core/errors.ts";
import { describeModel, type Model } from "../../src/engine/layers/model.ts";
import type { Weights } from "../../src/engine/layers/variables.ts";
import { createOptimizer } from "../../src/engine/optim/create-optimizer.ts";
import { openDevice } from "../../src/io/adapter.ts";
import { readKerasModel } from "../../src/keras/read-model.ts";
import { writeKeras2Model, writeKerasArchive } from "../../src/keras/write-model.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { allRows, uploadDataset } from "../../src/train/device-data.ts";
import { type FitOptions, type FitRun, fit } from "../../src/train/fit.ts";
import { CASES, type Case, compiledOf, FIRST_STEPS, losses, NEXT_STEPS } from "./continued.ts";
import { networksOf } from "./zoo-networks.ts";

const ROWS = 8;
/** Layers that no two programs draw the same numbers for. */
const CHANCE = /Dropout|Noise|^Random/;

/** What the optimiser of each file goes on from: all that it came to, or nothing. */
const GOES_ON: Readonly<Record<string, boolean>> = {
  ".keras": true,
  ".2.keras": true,
  ".2.h5": true,
  ".h5": false,
};

function imagesOf({ inputShape, name }: Model, classes: number): Dataset | null {
  const [height, width, channels, ...more] = inputShape;
  if (height === undefined || width === undefined || channels === undefined) return null;
  if (more.length > 0 || (channels !== 1 && channels !== 3)) return null;
  const images = Uint8Array.from({ length: ROWS * height * width * channels }, (_, i) => {
    return (Math.imul(i + 7, 2654435761) >>> 16) & 255;
  });
  const labels = Uint8Array.from({ length: ROWS }, (_, row) => (row * 3 + 1) % classes);
  const classNames = Array.from({ length: classes }, (_, label) => `class ${label}`);
  return { name, images, labels, rows: ROWS, height, width, channels, classNames };
}

const device = await openDevice();

interface Training {
  readonly model: Model;
  readonly images: Dataset;
  readonly settings: Case;
}

/** Every epoch is one batch of all rows, so that their order does not count. */
function train({ model, images, settings }: Training, more: Partial<FitOptions>): Promise<FitRun> {
  const { optimizer, settings: own, learningRate } = settings;
  return fit(device, model, {
    ...{ train: allRows(uploadDataset(device, images)), learningRate, batchSize: ROWS },
    ...{ epochs: FIRST_STEPS, seed: 4, optimizer: createOptimizer(optimizer, own) },
    ...{ optimizerBytes: 2 ** 30, ...more },
  });
}

async function write(base: string, { model, settings }: Training, run: FitRun): Promise<void> {
  const compiled = compiledOf(settings, run);
  const exported = exportedModel(model);
  const at = (ending: string) => join(folder, "ours", `${base}.fit${ending}`);
  const older = { compiled, generation: 2 } as const;
  const { weights } = run;
  await unlessRefused(() => writeKerasArchive(at(".keras"), exported, weights, { compiled }));
  await unlessRefused(() => writeKerasArchive(at(".2.keras"), exported, weights, older));
  await unlessRefused(() => writeKeras2Model(at(".h5"), exported, weights, { compiled }));
  await unlessRefused(() => writeKeras2Model(at(".2.h5"), exported, weights, older));
}

async function unlessRefused(save: () => Promise<void>): Promise<void> {
  try {
    await save();
  } catch (error) {
    if (!(error instanceof VitrineError)) throw error;
    process.stderr.write(`${error.message}\n`);
  }
}

/** The losses that follow, by ending. */
async function continued(base: string, training: Training, weights: Weights) {
  const first = await train(training, { initialWeights: weights });
  await write(base, training, first);
  const initialWeights = first.weights;
  const whole = await train(training, {
    initialWeights: weights,
    epochs: FIRST_STEPS + NEXT_STEPS,
  });
  const anew = await train(training, { initialWeights, epochs: NEXT_STEPS });
  const written = Object.entries(GOES_ON).filter(([ending]) =>
    existsSync(join(folder, "ours", `${base}.fit${ending}`)),
  );
  return Object.fromEntries(
    written.map(([ending, goesOn]) => [
      ending,
      goesOn ? losses(whole).slice(FIRST_STEPS) : losses(anew),
    ]),
  );
}

const [, , folder = ".", made] = argv;
const results = [];
const trained = networksOf(made).filter(({ isTrained }) => isTrained);
for (const [index, { name, base, path, x, y }] of trained.entries()) {
  try {
    const { model, weights } = await readKerasModel(path);
    if (describeModel(model).layers.some(({ className }) => CHANCE.test(className))) continue;
    const count = x.length / model.inputShape.reduce((product, extent) => product * extent, 1);
    const images = imagesOf(model, y.length / count);
    if (!images) continue;
    const [optimizer = "adam", settings] = Object.entries(CASES).at(
      index % Object.keys(CASES).length,
    ) ?? ["adam", CASES["adam"]];
    if (!settings) continue;
    const found = await continued(base, { model, images, settings }, weights);
    const { images: pixels, labels } = images;
    results.push({
      ...{ name, base, optimizer, losses: found },
      ...{ images: [...pixels], labels: [...labels] },
    });
  } catch (error) {
    if (!(error instanceof VitrineError)) throw error;
    process.stderr.write(`${name}: not trained: ${error.message}\n`);
  }
}
writeFileSync(join(folder, "continued.json"), JSON.stringify(results));
process.exit(0);
