// A residual network: a model that is a function of a net and a tensor, with branches that are added.

import {
  activation,
  addBranches,
  batchNormalization,
  conv2d,
  dense,
  describeModel,
  fit,
  globalAveragePooling2d,
  type Model,
  type Net,
  split,
  type Tensor,
  tensorData,
} from "vitrine";
import { openDevice } from "vitrine/node";
import { SHAPE, shapes } from "./shapes.ts";

function block(net: Net, x: Tensor, filters: number, name: string): Tensor {
  const conv = (part: number, strides = 1) =>
    conv2d({
      filters,
      kernelSize: 3,
      padding: "same",
      useBias: false,
      strides,
      name: `${name}_conv${part}`,
    });
  const relu = (part: number) => activation({ activation: "relu", name: `${name}_relu${part}` });
  let y = conv(1, 2)(net, x);
  y = relu(1)(net, batchNormalization({ name: `${name}_bn1` })(net, y));
  y = batchNormalization({ name: `${name}_bn2` })(net, conv(2)(net, y));
  const shortcut = conv2d({ filters, kernelSize: 1, strides: 2, name: `${name}_conv0` })(net, x);
  return relu(2)(net, addBranches(net, [shortcut, y], { name: `${name}_add` }));
}

const model: Model = {
  name: "residual",
  inputShape: SHAPE,
  build(net, x) {
    let y = block(net, net.inputLayer(x), 8, "a");
    y = block(net, y, 16, "b");
    return dense({ units: 4, activation: "softmax" })(net, globalAveragePooling2d()(net, y));
  },
};

console.log(describeModel(model).layers.map(({ name, outputShape }) => `${name} ${outputShape}`));
const device = await openDevice();
const { images: x, labels: y } = shapes(600);
const { train, held } = split(tensorData({ x, y, shape: SHAPE }), { share: 0.2, seed: 1 });
const run = await fit(device, model, {
  ...{ train, validation: held, learningRate: 3e-3, batchSize: 40, epochs: 8, seed: 1 },
});
console.log(`accuracy ${(await run.evaluate(held)).accuracy}`);
device.destroy();
