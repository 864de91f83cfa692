// An op of one's own, with its kernels in leaky-relu.wgsl, and a layer that applies it. Keras has a layer of that name: a run of it can be
// saved in Keras's terms, and computed without this program.

import {
  apply,
  conv2d,
  dense,
  flatten,
  kernelFrom,
  type Layer,
  layerOf,
  linearGrid,
  type Model,
  type Op,
  type Shape,
  sequential,
  sizeOf,
  type Tensor,
} from "vitrine";
import shader from "./leaky-relu.wgsl";

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

/** For pictures of this shape (height, width, channels) and so many classes. */
export function ownOp(shape: Shape, classes: number): Model {
  const conv = conv2d({ filters: 8, kernelSize: 3, strides: 2 });
  const head = dense({ units: classes, activation: "softmax" });
  return sequential("leaky", shape, [conv, leakyRelu(0.1), flatten(), head]);
}
