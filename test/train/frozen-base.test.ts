// A frozen base: its features are what the whole model computes, a head learns the same on them, and they are computed once.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { firstRows } from "../../src/data/dataset.ts";
import { variablesOf } from "../../src/engine/layers/model.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { sgd } from "../../src/engine/optim/sgd.ts";
import { createModel, type TransferModelConfig } from "../../src/models/models.ts";
import { type Basis, featureBasis, imageBasis } from "../../src/train/basis.ts";
import { openFeatures } from "../../src/train/frozen/feature-store.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("frozen-base");
const SEED = 3;
const DATASET = smallDataset(30);
const CONFIG: TransferModelConfig = {
  ...{ name: "vgg16", inputSize: 32, preprocessing: "imagenet", pooling: "average" },
  ...{ units: 8, dropout: 0, freeze: "base", pretrained: null, classes: 10 },
};

interface Watch {
  readonly batch?: number;
  readonly folder?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, rows: number) => void;
}

async function basis({ folder, ...watch }: Watch = {}): Promise<Basis> {
  const pretrained = new Map();
  return featureBasis({
    ...{ device: await gpu(), config: CONFIG, pretrained, seed: SEED, partBytes: 16 * 4 * 512 },
    ...watch,
    ...(folder
      ? {
          storeFor: (dataset, base) =>
            openFeatures(folder, { config: CONFIG, seed: SEED, adapter: "any" }, { dataset, base }),
        }
      : {}),
  });
}

async function trained(on: Basis) {
  const trainer = await Trainer.create({
    device: await gpu(),
    model: on.modelOf(CONFIG),
    pretrained: on.pretrained,
    optimizer: adam(),
    data: await on.place(DATASET),
    batchSize: 10,
    learningRate: 1e-3,
    seed: SEED,
  });
  await trainer.fit({ rows: firstRows(24), validationRows: firstRows(6, 24), epochs: 3 });
  return trainer;
}

test("a head learns on features what it learns on a frozen base", async () => {
  const features = await basis();
  const head = await trained(features);
  const whole = createModel(CONFIG);
  // The same start: the base as the features were computed with, the head as it was initialised.
  const start = features.complete(head.variables.initialWeights());
  const full = await trained(imageBasis(await gpu(), start));
  assert.equal([...start.keys()].sort(), [...variablesOf(whole)].map((v) => v.name).sort());
  for (const [epoch, logs] of head.history.entries()) {
    for (const [name, value] of Object.entries(logs)) {
      const other = full.history[epoch]?.[name] ?? Number.NaN;
      assert.ok(
        Math.abs(value - other) < 2e-4 * (1 + Math.abs(value)),
        `${name}: ${value} ${other}`,
      );
    }
  }
  const frozen = [...start].filter(([name]) => name.startsWith("block"));
  for (const [name, values] of frozen) assert.ok(full.lastWeights.get(name) === values, name);
  assert.ok((head.history[2]?.["loss"] ?? 9) < (head.history[0]?.["loss"] ?? 0));
});

test("features are read from their file when they are asked for again", async () => {
  const folder = temporaryFolder();
  const first = await trained(await basis({ folder }));
  const again = await trained(
    await basis({ folder, onProgress: () => assert.unreachable("the base ran again") }),
  );
  assert.equal(again.history, first.history);
});

test("a store that cannot be written costs no features: it is told once, and they are computed", async () => {
  const told: unknown[] = [];
  const features = featureBasis({
    ...{ device: await gpu(), config: CONFIG, pretrained: new Map(), seed: SEED, batch: 5 },
    onStoreFailed: (error) => told.push(error),
    storeFor: async () => ({
      rows: 0,
      read: async function* () {},
      append: () => Promise.reject(new Error("no space left on device")),
      finish: () => Promise.reject(new Error("finished what is not there")),
      release: async () => undefined,
    }),
  });
  const head = await trained(features);
  assert.equal([...head.lastWeights], [...(await trained(await basis())).lastWeights]);
  assert.equal(told.map(String), ["Error: no space left on device"]);
});

test("an interrupted pass goes on where it was", async () => {
  const folder = temporaryFolder();
  const stop = new AbortController();
  const interrupted = await basis({
    folder,
    signal: stop.signal,
    onProgress: (done) => done > 0 && stop.abort(new Error("stopped")),
    batch: 4,
  });
  await interrupted.place(DATASET).then(
    () => assert.unreachable(),
    (error) => {
      assert.is(error.message, "stopped");
    },
  );
  const starts: number[] = [];
  const resumed = await basis({ folder, onProgress: (done) => starts.push(done), batch: 4 });
  const whole = await (await basis()).place(DATASET);
  const parts = await resumed.place(DATASET);
  assert.is(starts[0], 4);
  assert.equal(await valuesOf(parts), await valuesOf(whole));
});

test("blocks that are not frozen are trained, and the statistics of a pretrained base stay", async () => {
  const device = await gpu();
  const config: TransferModelConfig = {
    ...{ name: "resnet50v2", pooling: "average", units: 0, dropout: 0, freeze: 16 },
    pretrained: "0".repeat(64),
  };
  const model = createModel(config);
  const start = variablesOf(model, SEED).initialWeights();
  const on = imageBasis(device, start);
  const trainer = await Trainer.create({
    ...{ device, model: on.modelOf(config), pretrained: start, optimizer: sgd(), seed: SEED },
    ...{ data: await on.place(DATASET), batchSize: 10, learningRate: 1e-2 },
  });
  await trainer.fit({ rows: firstRows(10), validationRows: new Uint32Array(), epochs: 1 });
  const changed = [...trainer.lastWeights].filter(([name, values]) => {
    const before = start.get(name);
    return values.some((value, i) => value !== before?.[i]);
  });
  const layers = new Set(changed.map(([name]) => name.split("/")[0] ?? ""));
  const [blocks, statistics] = [[...layers], changed.filter(([name]) => name.includes("moving"))];
  assert.equal(statistics, []);
  assert.ok(blocks.includes("conv5_block3_3_conv") && blocks.includes("predictions"));
  assert.equal(
    blocks.filter((name) => /^conv[1-4]/.test(name)),
    [],
  );
});

async function valuesOf(data: Awaited<ReturnType<Basis["place"]>>): Promise<number[]> {
  if (data.source.kind !== "features") throw new Error("not features");
  const device = await gpu();
  const parts = await Promise.all(data.source.parts.map((part) => device.read(part)));
  const { parts: tensors } = data.source;
  return parts.flatMap((bytes, i) => [
    ...new Float32Array(
      bytes,
      0,
      (tensors[i]?.shape ?? []).reduce((a, b) => a * b, 1),
    ),
  ]);
}

test.run();
