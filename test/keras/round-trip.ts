// Our half of round-trip.py, which starts it. `write FOLDER`: trains LeNet-5, exports it and two more networks in every
// format, and leaves what they predict. `read FOLDER`: loads the files that Keras wrote, and compares what they predict.

import { readdirSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Dataset } from "../../src/data/dataset.ts";
import { firstRows } from "../../src/data/dataset.ts";
import { loadFashionMnist } from "../../src/data/fashion-mnist.ts";
import type { Device } from "../../src/engine/core/device.ts";
import { describeModel, type Model, variablesOf } from "../../src/engine/layers/model.ts";
import type { Weights } from "../../src/engine/layers/variables.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { openDevice } from "../../src/io/adapter.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { assignWeights } from "../../src/keras/weights/assign-weights.ts";
import { openWeightFile } from "../../src/keras/weights/weight-file.ts";
import {
  writeKeras2Weights,
  writeKeras3Weights,
} from "../../src/keras/weights/write-weights-h5.ts";
import { writeKeras2Model, writeKerasArchive } from "../../src/keras/write-model.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { modelFromConfig } from "../../src/models/architecture/model-from-config.ts";
import { createModel, type ModelConfig } from "../../src/models/models.ts";
import { seededWeights as seededBackbone, seededImages } from "../../src/models/parity/seeded.ts";
import { resnet50v2 } from "../../src/models/resnet-v2.ts";
import { saveRun } from "../../src/runs/run-folder.ts";
import { runConfig } from "../../src/runs/run-record.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { namedTensors } from "../../src/train/named-tensors.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { runToEnd } from "../cli/start-command.ts";
import { randomArray } from "../support/random.ts";
import { residual, seededWeights } from "./networks.ts";
import { runModel } from "./run-model.ts";

const IMAGES = 64;
const TRAINING_ROWS = 5000;

const LENETS: Readonly<Record<string, ModelConfig>> = {
  "lenet5 relu max": { name: "lenet5" },
  "lenet5 tanh average dropout": {
    name: "lenet5",
    activation: "tanh",
    pooling: "average",
    dropout: 0.25,
  },
};

/** What Keras is to predict: inputs, outputs, and the weights bit by bit. */
async function writeExpected(path: string, expected: Expected): Promise<void> {
  const { device, model, weights, x } = expected;
  const y = await runModel(device, model, weights, x);
  const rows = x.length / model.inputShape.reduce((a, b) => a * b);
  await writeSafetensors(path, [
    { name: "x", dtype: "F32", shape: [rows, ...model.inputShape], data: x },
    { name: "y", dtype: "F32", shape: [rows, y.length / rows], data: y },
    ...namedTensors(variablesOf(model), weights),
  ]);
}

interface Expected {
  readonly device: Device;
  readonly model: Model;
  readonly weights: Weights;
  readonly x: Float32Array<ArrayBuffer>;
}

/** Images as LeNet-5 sees them: 32×32, bytes over 255 in a border of zeros. */
function lenetInput({ images }: Dataset): Float32Array<ArrayBuffer> {
  const x = new Float32Array(IMAGES * 32 * 32);
  const scale = Math.fround(1 / 255);
  for (let at = 0; at < IMAGES * 28 * 28; at++) {
    const [image, row, column] = [Math.floor(at / 784), Math.floor(at / 28) % 28, at % 28];
    x[image * 1024 + (row + 2) * 32 + column + 2] = (images[at] ?? 0) * scale;
  }
  return x;
}

async function trainLenet(device: Device, config: ModelConfig, train: Dataset): Promise<Weights> {
  const trainer = await Trainer.create({
    ...{ device, model: createModel(config), optimizer: adam(), batchSize: 50 },
    ...{ data: uploadDataset(device, train), learningRate: 1e-3, seed: 1 },
  });
  const rows = firstRows(TRAINING_ROWS);
  await trainer.fit({ rows, validationRows: new Uint32Array(), epochs: 2 });
  return trainer.lastWeights;
}

/** As `npm run train` saves and `npm run export` exports. */
async function exportRun(folder: string, name: string, config: ModelConfig, weights: Weights) {
  const run = join(folder, "runs", name);
  await mkdir(run, { recursive: true });
  const classNames = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  await saveRun(run, {
    config: runConfig({ model: config, classNames, training: {}, data: {}, adapter: "any" }),
    ...{ metrics: {}, history: [] },
    weights: namedTensors(variablesOf(createModel(config)), weights),
  });
  for (const ending of [".keras", ".h5", ".weights.h5", " legacy.h5", ".safetensors"]) {
    const legacy = ending.startsWith(" legacy") ? ["--legacy"] : [];
    const file = join(folder, `${name}${ending}`);
    const { code, stderr } = await runToEnd("export", [run, "--to", file, ...legacy]);
    if (code !== 0) throw new Error(`export ${file}: ${stderr}`);
  }
}

async function writeAll(folder: string, name: string, model: Model, weights: Weights) {
  const exported = exportedModel(model);
  await writeKerasArchive(join(folder, `${name}.keras`), exported, weights);
  await writeKeras2Model(join(folder, `${name}.h5`), exported, weights);
  await writeKeras3Weights(join(folder, `${name}.weights.h5`), exported, weights);
  await writeKeras2Weights(join(folder, `${name} legacy.h5`), exported, weights);
}

/** VGG16 with a head of ours, as transfer learning leaves it. */
async function writeTransfer(folder: string, device: Device): Promise<void> {
  const config: ModelConfig = { name: "vgg16", units: 32, freeze: "base" };
  const model = createModel(config);
  const weights = seededBackbone(variablesOf(model));
  await exportRun(folder, "vgg16 with a head", config, weights);
  const x = seededImages(4, 32);
  await writeExpected(expectedAt(folder, "vgg16 with a head"), { device, model, weights, x });
}

const expectedAt = (folder: string, name: string) => join(folder, `${name}.expected.safetensors`);

async function write(folder: string): Promise<void> {
  const device = await openDevice();
  const cacheDir = fileURLToPath(new URL("../../.cache/fashion-mnist", import.meta.url));
  const quiet = { say: () => undefined, progress: () => undefined };
  const { train, test } = await loadFashionMnist({ cacheDir, ...quiet });
  for (const [name, config] of Object.entries(LENETS)) {
    const weights = await trainLenet(device, config, train);
    await exportRun(folder, name, config, weights);
    const expected = { device, model: createModel(config), weights, x: lenetInput(test) };
    await writeExpected(expectedAt(folder, name), expected);
  }
  await writeTransfer(folder, device);
  const x = Float32Array.from(randomArray(IMAGES * 9 * 8 * 2, 7));
  const branched = { device, model: residual, weights: seededWeights(residual, 5), x };
  await writeAll(folder, "residual", residual, branched.weights);
  await writeExpected(expectedAt(folder, "residual"), branched);
  const model = resnet50v2({ inputShape: [32, 32, 3], includeTop: false, pooling: "avg" });
  const weights = seededBackbone(variablesOf(model));
  await writeAll(folder, "resnet50v2", model, weights);
  const images = seededImages(4, 32).map((value) => value / 127.5 - 1);
  await writeExpected(expectedAt(folder, "resnet50v2"), { device, model, weights, x: images });
  writeFileSync(join(folder, "adapter.txt"), device.name);
  device.destroy();
}

/** Largest difference of outputs, and largest output, for every file that Keras wrote. */
async function read(folder: string): Promise<void> {
  const device = await openDevice();
  const results: Record<string, { difference: number; largest: number }> = {};
  for (const file of readdirSync(folder).filter((name) => /\.(keras|h5)$/.test(name))) {
    const name = basename(file).replace(/( legacy)?(\.weights)?\.(keras|h5)$/, "");
    const { tensors } = await readSafetensors(expectedAt(folder, name));
    const [x, y] = ["x", "y"].map((key) => Float32Array.from(tensors.get(key)?.data ?? []));
    if (!x || !y) throw new Error(`${file}: no expectation`);
    const opened = await openWeightFile(join(folder, file));
    // Weights alone go into the model of the archive beside them.
    const archive = await openWeightFile(join(folder, `${name}.keras`));
    const model = modelFromConfig(opened.modelConfig ?? archive.modelConfig, file);
    const weights = assignWeights(opened, describeModel(model).layers);
    const ours = await runModel(device, model, weights, x);
    const difference = Math.max(...ours.map((value, i) => Math.abs(value - (y[i] ?? Number.NaN))));
    results[file] = { difference, largest: Math.max(...y.map(Math.abs)) };
    await opened.close();
    await archive.close();
  }
  device.destroy();
  writeFileSync(join(folder, "read.json"), `${JSON.stringify(results, null, 1)}\n`);
}

const [mode, folder = ""] = process.argv.slice(2);
if (mode === "write") await write(folder);
else if (mode === "read") await read(folder);
else throw new Error(`round-trip: takes write or read, got ${mode}`);
process.exit(0);
