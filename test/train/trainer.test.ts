// Whole training: the trajectory of LeNet-5 against a float64 reference, one batch learnt by heart, nothing made on the
// device after warm-up, and the same bits from the same seed.

import { createHash } from "node:crypto";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RandomState } from "../../src/data/random-state.ts";
import { describeModel } from "../../src/engine/layers/model.ts";
import type { Weights } from "../../src/engine/layers/variables.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { EarlyStopping } from "../../src/train/callbacks/early-stopping.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { assertClose, LOSS } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { ReferenceLenet5 } from "../support/reference-lenet5.ts";
import { paddedImage, smallDataset } from "../support/small-data.ts";

const test = suite("trainer");

const rowsTo = (count: number, from = 0) => Uint32Array.from({ length: count }, (_, i) => from + i);

async function trainer(rows: number, batchSize: number, seed = 3): Promise<Trainer> {
  const device = await gpu();
  const data = uploadDataset(device, smallDataset(rows));
  const model = lenet5();
  return Trainer.create({
    device,
    model,
    optimizer: adam(),
    data,
    batchSize,
    learningRate: 1e-3,
    seed,
  });
}

function digest(weights: Weights): string {
  const hash = createHash("sha256");
  for (const values of weights.values()) hash.update(values);
  return hash.digest("hex");
}

test("LeNet-5 has 61,706 parameters", () => {
  const { trainable, layers, outputShape } = describeModel(lenet5());
  assert.is(trainable, 61_706);
  assert.equal(outputShape, [10]);
  assert.equal(
    layers.map(({ name, params }) => [name, params]),
    [
      ["conv2d", 156],
      ["max_pooling2d", 0],
      ["conv2d_1", 2416],
      ["max_pooling2d_1", 0],
      ["flatten", 0],
      ["dense", 48_120],
      ["dense_1", 10_164],
      ["dense_2", 850],
    ],
  );
});

test("ten steps follow a float64 reference", async () => {
  const [batch, steps] = [8, 10];
  const subject = await trainer(batch * steps, batch);
  const dataset = smallDataset(batch * steps);
  const weights = subject.variables.initialWeights();
  const reference = new ReferenceLenet5([...weights.values()]);
  const actual: number[] = [];
  const expected: number[] = [];
  for (let step = 0; step < steps; step++) {
    const rows = rowsTo(batch, step * batch);
    // One step an epoch: its loss is the batch's, before the step.
    await subject.fit({ rows, validationRows: new Uint32Array(), epochs: 1 });
    actual.push(subject.history.at(-1)?.["loss"] ?? Number.NaN);
    const images = [...rows].map((row) => paddedImage(dataset, row));
    const labels = [...rows].map((row) => dataset.labels[row] ?? 0);
    expected.push(reference.step(images, labels, 1e-3));
  }
  assertClose({ label: "losses", shape: [steps], actual, expected, tolerance: LOSS });
  const final = await subject.variables.snapshot(subject.device);
  for (const [index, [name, values]] of [...final].entries()) {
    assertClose({
      label: name,
      shape: [values.length],
      actual: values,
      expected: reference.weights[index] ?? [],
      // Adam divides by sqrt(v): a gradient near zero moves a weight by up to the rate, whatever its digits.
      tolerance: { relative: 1e-3, absolute: 2e-4 },
    });
  }
});

test("one batch is learnt by heart", async () => {
  const subject = await trainer(20, 20);
  await subject.fit({ rows: rowsTo(20), validationRows: new Uint32Array(), epochs: 60 });
  const { loss = 1, accuracy } = subject.history.at(-1) ?? {};
  assert.ok(loss < 0.05, `loss ${loss}`);
  assert.is(accuracy, 1);
});

test("a warm training step makes nothing on the device and reads nothing back", async () => {
  const subject = await trainer(200, 10);
  const { device } = subject;
  const options = { rows: rowsTo(200), validationRows: new Uint32Array(), epochs: 1 };
  await subject.fit(options);
  const before = { ...device.counters, pipelines: device.kernels.pipelinesMade };
  await subject.fit(options);
  const after = { ...device.counters, pipelines: device.kernels.pipelinesMade };
  assert.is(after.buffers, before.buffers);
  assert.is(after.bindGroups, before.bindGroups);
  assert.is(after.pipelines, before.pipelines);
  assert.ok(
    after.submits - before.submits <= 20,
    `${after.submits - before.submits} submits for 20 steps`,
  );
  // Two meters, and the weights: read once an epoch, not once a step.
  assert.ok(
    after.readBacks - before.readBacks <= 4,
    `${after.readBacks - before.readBacks} read-backs`,
  );
});

test("the last, smaller batch of an epoch counts", async () => {
  const subject = await trainer(57, 20);
  await subject.fit({ rows: rowsTo(57), validationRows: new Uint32Array(), epochs: 2 });
  assert.is(subject.steps, 6);
  const whole = await subject.evaluate(uploadDataset(subject.device, smallDataset(57)), rowsTo(57));
  assert.is(whole.rows, 57);
  assert.is(
    whole.confusion.flat().reduce((a, b) => a + b, 0),
    57,
  );
});

test("the same seed gives the same bits, another seed others", async () => {
  const digests: string[] = [];
  for (const seed of [5, 5, 6]) {
    const subject = await trainer(90, 16, seed);
    await subject.fit({ rows: rowsTo(90), validationRows: rowsTo(30), epochs: 2 });
    digests.push(digest(subject.lastWeights));
  }
  assert.is(digests[0], digests[1]);
  assert.is.not(digests[0], digests[2]);
});

test("evaluation agrees with the reference's loss", async () => {
  const subject = await trainer(30, 10);
  const dataset = smallDataset(30);
  const { loss } = await subject.evaluate(uploadDataset(subject.device, dataset), rowsTo(30));
  const reference = new ReferenceLenet5([...subject.variables.initialWeights().values()]);
  const images = [...rowsTo(30)].map((row) => paddedImage(dataset, row));
  const expected = reference.step(images, [...dataset.labels], 0);
  assertClose({ label: "loss", shape: [1], actual: [loss], expected: [expected], tolerance: LOSS });
});

test("early stopping brings the best weights back", async () => {
  const subject = await trainer(40, 20);
  const stopping = new EarlyStopping({
    monitor: "val_loss",
    patience: 1,
    restoreBestWeights: true,
  });
  const seen: string[] = [];
  await subject.fit({
    rows: rowsTo(40),
    // A single row held out, so that val_loss soon goes up and down.
    validationRows: rowsTo(1),
    epochs: 30,
    callbacks: [stopping],
    onEpochEnd: () => seen.push(digest(subject.lastWeights)),
  });
  assert.is(digest(subject.lastWeights), seen[stopping.bestEpoch]);
});

test("an epoch visits every row once, in an order of its own", () => {
  const orders = [0, 1].map((epoch) => [...new RandomState([3, epoch]).permutation(50)]);
  for (const order of orders)
    assert.equal(
      [...order].sort((a, b) => a - b),
      [...rowsTo(50)],
    );
  assert.is.not(orders[0]?.join(), orders[1]?.join());
});

test.run();
