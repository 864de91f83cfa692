// An op of one's own, with its kernels in leaky-relu.wgsl, and a layer that applies it.

import {
  apply,
  conv2d,
  dense,
  fit,
  flatten,
  kernelFrom,
  type Layer,
  layerOf,
  linearGrid,
  type Op,
  sequential,
  sizeOf,
  type Tensor,
  tensorData,
} from "vitrine";
import { openDevice } from "vitrine/node";
import shader from "./leaky-relu.wgsl";
import { SHAPE, shapes } from "./shapes.ts";

const leakyReluOp: Op<readonly [x: Tensor], { slope: number }, Tensor> = {
  name: "leaky-relu",
  infer: ([shape]) => shape,
  forward(rec, [x], { slope }, shape) {
    const [y, elements] = [rec.allocate(shape, "y"), sizeOf(shape)];
    const work = { grid: linearGrid(elements, 64), params: { elements, slope } };
    const kernel = kernelFrom(shader, "forward");
    rec.dispatch({ op: "leaky-relu", kernel, bind: { x, y }, ...work });
    return { output: y, saved: x };
  },
  backward(rec, dy, x, { slope }) {
    const [dx, elements] = [rec.allocate(x.shape, "dx"), sizeOf(x.shape)];
    const work = { grid: linearGrid(elements, 64), params: { elements, slope } };
    const kernel = kernelFrom(shader, "backward");
    rec.dispatch({ op: "leaky-relu", kernel, bind: { x, dy, dx }, ...work });
    return [dx];
  },
};

const leakyRelu = (slope: number): Layer =>
  layerOf({ className: "LeakyReLU", config: { negative_slope: slope } }, (net, x) =>
    apply(net.rec, leakyReluOp, [x], { slope }),
  );

const device = await openDevice();
const conv = conv2d({ filters: 8, kernelSize: 3, strides: 2 });
const head = dense({ units: 4, activation: "softmax" });
const model = sequential("leaky", SHAPE, [conv, leakyRelu(0.1), flatten(), head]);
const { images: x, labels: y } = shapes(400);
const train = tensorData({ x, y, shape: SHAPE });
const how = { train, learningRate: 3e-3, batchSize: 20, epochs: 8, seed: 1 };
const run = await fit(device, model, how);
console.log(`accuracy ${(await run.evaluate(train)).accuracy}`);
device.destroy();
