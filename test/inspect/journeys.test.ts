// The way of an image through a network and back: every gradient against central differences of the loss, computed by the same
// program from there on.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { autoencoder } from "../../examples/models/autoencoder.ts";
import { takeRows } from "../../src/data/dataset.ts";
import { sizeOf } from "../../src/engine/core/shape.ts";
import { rootStorage, type Tensor } from "../../src/engine/core/tensor.ts";
import { batchNormalization } from "../../src/engine/layers/batch-normalization.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import {
  describeModel,
  type Model,
  sequential,
  variablesOf,
} from "../../src/engine/layers/model.ts";
import { globalAveragePooling2d } from "../../src/engine/layers/pooling.ts";
import { meanSquaredError } from "../../src/engine/ops/loss/elementwise.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { writesOf } from "../../src/engine/program/program.ts";
import type { JourneyAnswer } from "../../src/inspect/inspector/inspector-document.ts";
import {
  differentRows,
  journeyAsSeen,
  journeys,
  tellingRows,
} from "../../src/inspect/inspector/journeys.ts";
import { startingWeights } from "../../src/inspect/verify/starting-weights.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { unpacked } from "../../src/page/inspector/tensors/planes.ts";
import { createFeed, rewindFeed, uploadDataset } from "../../src/train/device-data.ts";
import { recordSensitivity } from "../../src/train/programs.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("journeys");
const data = smallDataset(40);

/** With normalisation in inference. Neither model has a kink that a difference could step over. */
const normalised = sequential(
  "normalised",
  [28, 28, 1],
  [
    conv2d({ filters: 6, kernelSize: 3, padding: "same", activation: "tanh" }),
    batchNormalization(),
    conv2d({ filters: 8, kernelSize: 1, strides: 2, activation: "sigmoid" }),
    globalAveragePooling2d(),
    dense({ units: 10, activation: "softmax" }),
  ],
);

const STEP = 1 / 64;

async function opened(model: Model) {
  const device = (await gpu()).scope();
  const variables = variablesOf(model, 3);
  variables.materialise(device, startingWeights(model, 3, new Map()));
  const feed = createFeed(device, uploadDataset(device, data), {
    ...{ capacity: 1, batch: 1, label: "journey" },
  });
  const recorded = recordSensitivity({ model, variables, feed, batch: 1, capabilities: device });
  // What is packed early and read late must still be there when only the end runs again.
  const executable = await Executable.compile(device, recorded.program, undefined, {
    sharesSlots: false,
  });
  rewindFeed(device, feed, Uint32Array.of(4));
  executable.run();
  /** The loss, where `tensor` has these elements. */
  const lossWith = async (tensor: Tensor, values: Float32Array<ArrayBuffer>): Promise<number> => {
    executable.write(tensor, new Uint8Array(values.buffer, 0, 4 * sizeOf(tensor.shape)));
    const writes = executable.dispatches.filter((one) =>
      writesOf(one).some((written) => rootStorage(written) === rootStorage(tensor)),
    );
    executable.runRange({ from: (writes.at(-1)?.id ?? -1) + 1 });
    return (await executable.read(recorded.rowLoss))[0] ?? Number.NaN;
  };
  return { device, executable, recorded, lossWith };
}

for (const model of [lenet5({ activation: "tanh", pooling: "average" }), normalised]) {
  test(`${model.name}: ∂loss of pixels and of activations against central differences`, async () => {
    const { device, executable, recorded, lossWith } = await opened(model);
    const { x, dx, outputs } = recorded;
    const pairs = [{ layer: "input", y: x, dy: dx }, ...outputs];
    let compared = 0;
    for (const { layer, y, dy } of pairs) {
      if (!dy) continue;
      const [values, gradient] = [await executable.read(y), await executable.read(dy)];
      const largest = gradient.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
      assert.ok(largest > 0, layer);
      for (const index of spread(gradient, 6)) {
        const moved = async (by: number) => {
          const changed = values.slice();
          changed[index] = (values[index] ?? 0) + by;
          return lossWith(y, changed);
        };
        const difference = ((await moved(STEP)) - (await moved(-STEP))) / (2 * STEP);
        const got = gradient[index] ?? Number.NaN;
        const off = Math.abs(difference - got);
        assert.ok(off <= 0.01 * largest + 4e-5, `${layer}[${index}]: ${got}, ${difference}`);
        compared++;
      }
      await lossWith(y, values);
    }
    assert.ok(compared >= 24, `${compared}`);
    device.destroy();
  });
}

/** The largest, and some others. */
function spread(values: Float32Array, count: number): readonly number[] {
  const order = [...values.keys()].sort(
    (a, b) => Math.abs(values[b] ?? 0) - Math.abs(values[a] ?? 0),
  );
  const others = Array.from(
    { length: count - 2 },
    (_, at) => order[Math.floor((at * order.length) / count)],
  );
  return [...order.slice(0, 2), ...others].filter((index) => index !== undefined);
}

function sharesOf(answer: JourneyAnswer) {
  if (answer.kind === "classes") return answer.probabilities;
  throw new Error("journey: must come to classes, got a picture");
}

test("a journey of a model of pictures comes to a picture, whose distance its loss is", async () => {
  const device = await gpu();
  const model = autoencoder([28, 28, 1]);
  const loss = meanSquaredError();
  const about = { device, model, weights: new Map(), seed: 1, test: data, loss };
  const [journey] = await journeys({ ...about, targets: "input", rows: [1] });
  if (journey?.answer.kind !== "picture") throw new Error("journey: must come to a picture");
  const [image, given] = [unpacked(journey.image), unpacked(journey.answer.picture)];
  assert.is(given.length, 28 * 28);
  const squares = image.reduce((sum, value, at) => sum + (value - (given[at] ?? 0)) ** 2, 0);
  assert.ok(Math.abs(squares / image.length - journey.loss) < 1e-4, `${squares}, ${journey.loss}`);
  assert.equal(journey.pixelGradient.hasSigns, true);
  const alone = takeRows(data, [1]);
  const seen = await journeyAsSeen({ ...about, test: alone, targets: "input" });
  assert.equal(seen.answer, journey.answer);
});

test("a journey has a step for each layer, probabilities that add up, and the loss that they mean", async () => {
  const device = await gpu();
  const rows = differentRows(data, 3);
  assert.is(new Set(rows.map((row) => data.labels[row])).size, 3);
  const model = lenet5();
  const found = await journeys({ device, model, weights: new Map(), seed: 1, test: data, rows });
  assert.equal(
    found.map(({ row }) => row),
    rows,
  );
  for (const { row, steps, answer, loss, trueClass, image, pixelGradient } of found) {
    const probabilities = sharesOf(answer);
    assert.equal(
      steps.map(({ layer }) => layer),
      describeModel(model).layers.map(({ name }) => name),
    );
    const sum = probabilities.reduce((total, { share }) => total + share, 0);
    assert.ok(Math.abs(sum - 1) < 1e-5);
    const own = probabilities.find(({ name }) => name === trueClass)?.share ?? 0;
    assert.is(trueClass, `class ${data.labels[row]}`);
    assert.ok(Math.abs(-Math.log(own) - loss) < 1e-5);
    assert.equal([image.height, image.width, image.hasSigns], [32, 32, false]);
    assert.equal(
      [pixelGradient.height, pixelGradient.width, pixelGradient.hasSigns],
      [32, 32, true],
    );
    assert.ok(steps.filter(({ gradient }) => gradient !== null).length >= steps.length - 1);
  }
});

test("the last of the telling rows is one that is mistaken, and the rest are of different classes", async () => {
  const device = await gpu();
  const about = { device, model: lenet5(), weights: new Map(), seed: 1, test: data };
  const rows = await tellingRows(about, 3);
  assert.is(rows.length, 3);
  const found = await journeys({ ...about, rows });
  const mistaken = found.filter(({ answer, trueClass }) => {
    const [best] = [...sharesOf(answer)].sort((a, b) => b.share - a.share);
    return best?.name !== trueClass;
  });
  assert.ok(mistaken.length > 0);
  assert.equal(await tellingRows(about, 1), differentRows(data, 1));
  assert.equal(await tellingRows(about, 0), []);
});

test.run();
