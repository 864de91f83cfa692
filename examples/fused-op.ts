// A fused op with variables: scale, shift and ReLU in one dispatch (scaled-relu.wgsl), and the gradients of all three inputs.

import * as v from "vitrine";
import { openDevice } from "vitrine/node";
import shader from "./scaled-relu.wgsl";
import { SHAPE, shapes } from "./shapes.ts";

type Inputs = readonly [x: v.Tensor, scale: v.Tensor, shift: v.Tensor];
type Saved = { readonly x: v.Tensor; readonly scale: v.Tensor; readonly output: v.Tensor };

const workOf = (shape: v.Shape) => {
  const elements = v.sizeOf(shape);
  return { grid: v.linearGrid(elements, 64), params: { elements, channels: shape.at(-1) ?? 1 } };
};

const scaledReluOp: v.Op<Inputs, Record<never, never>, Saved> = {
  name: "scaled-relu",
  infer: ([shape]) => shape,
  forward(rec, [x, scale, shift], _, shape) {
    const y = rec.allocate(shape, "y");
    const kernel = v.kernelFrom(shader, "forward");
    rec.dispatch({ op: "scaled-relu", kernel, bind: { x, scale, shift, y }, ...workOf(shape) });
    return { output: y, saved: { x, scale, output: y } };
  },
  backward(rec, dy, { x, scale, output }) {
    const [dx, dscale] = [rec.allocate(x.shape, "dx"), rec.allocate(scale.shape, "dscale")];
    const dshift = rec.allocate(scale.shape, "dshift");
    const [work, op] = [workOf(x.shape), "scaled-relu"];
    const toX = v.kernelFrom(shader, "backward_x");
    const toWeights = v.kernelFrom(shader, "backward_weights");
    rec.dispatch({ op, kernel: toX, bind: { scale, output, dy, dx }, ...work });
    const bind = { x, output, dy, dscale, dshift };
    rec.dispatch({ op, kernel: toWeights, bind, ...work, grid: [work.params.channels, 1, 1] });
    return [dx, dscale, dshift];
  },
};

const scaledRelu = (): v.Layer =>
  v.layerOf({ className: "ScaledReLU" }, (net, x) => {
    const shape = [x.shape.at(-1) ?? 1];
    const scale = net.parameter({ name: "scale", shape, initializer: v.ones });
    const shift = net.parameter({ name: "shift", shape, initializer: v.zeros });
    return v.apply(net.rec, scaledReluOp, [x, scale, shift], {});
  });

const device = await openDevice();
const conv = v.conv2d({ filters: 8, kernelSize: 3, strides: 2, useBias: false });
const head = v.dense({ units: 4, activation: "softmax" });
const model = v.sequential("fused", SHAPE, [conv, scaledRelu(), v.flatten(), head]);
const { images: x, labels: y } = shapes(400);
const train = v.tensorData({ x, y, shape: SHAPE });
const how = { train, learningRate: 3e-3, batchSize: 20, epochs: 8, seed: 1 };
const run = await v.fit(device, model, how);
console.log(`accuracy ${(await run.evaluate(train)).accuracy}`);
device.destroy();
