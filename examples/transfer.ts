// Transfer: the convolutions of one training, held fixed, under a new head that learns another question from few rows.

import {
  conv2d,
  dense,
  fit,
  globalAveragePooling2d,
  type Model,
  type Net,
  type Tensor,
  tensorData,
} from "vitrine";
import { openDevice } from "vitrine/node";
import { SHAPE, shapes } from "./shapes.ts";

function base(net: Net, x: Tensor): Tensor {
  const all = { kernelSize: 3, strides: 2, activation: "relu" } as const;
  const y = conv2d({ ...all, filters: 16, name: "base_1" })(net, x);
  return conv2d({ ...all, filters: 32, name: "base_2" })(net, y);
}

function under(head: string, units: number, isFrozen: boolean): Model {
  return {
    name: `shapes_${head}`,
    inputShape: SHAPE,
    build(net, x) {
      const input = net.input(x, "input");
      const features = isFrozen ? net.frozen(() => base(net, input)) : base(net, input);
      const pooled = globalAveragePooling2d()(net, features);
      return dense({ units, activation: "softmax", name: head })(net, pooled);
    },
  };
}

const device = await openDevice();
const many = shapes(800);
const first = await fit(device, under("which_shape", 4, false), {
  train: tensorData({ x: many.images, y: many.labels, shape: SHAPE }),
  ...{ learningRate: 3e-3, batchSize: 40, epochs: 12, seed: 1 },
});

// Another question, of 80 rows: is it filled?
const few = shapes(80, 5);
const filled = few.labels.map((label) => (label < 2 ? 1 : 0));
const train = tensorData({ x: few.images, y: filled, shape: SHAPE });
const how = { train, learningRate: 1e-2, batchSize: 20, epochs: 20, seed: 1 };
const frozen = under("is_filled", 2, true);
const known = await fit(device, frozen, { ...how, initialWeights: first.weights });
const random = await fit(device, frozen, how);
const kernel = (run: typeof first) =>
  run.weights.find(({ name }) => name === "base_1/kernel")?.data;
console.log(`base unchanged: ${String(kernel(known)) === String(kernel(first))}`);
for (const [name, run] of Object.entries({ random, known })) {
  console.log(`on a ${name} base: accuracy ${(await run.evaluate(train)).accuracy}`);
}
device.destroy();
