// A fused op with variables: scale, shift and ReLU in one dispatch (scaled-relu.wgsl), and the gradients of all three inputs. Keras calls
// what it computes a DepthwiseConv2D of 1×1 with ReLU, and so does the layer: a run of it can be saved, and computed without this program.

import * as v from "vitrine";
import shader from "./scaled-relu.wgsl";

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

const KERAS = {
  className: "DepthwiseConv2D",
  config: {
    ...{ kernel_size: [1, 1], strides: [1, 1], padding: "valid", activation: "relu" },
    ...{ use_bias: true, depth_multiplier: 1, dilation_rate: [1, 1] },
  },
} as const;

const scaledRelu = (): v.Layer =>
  v.layerOf(KERAS, (net, x) => {
    const channels = x.shape.at(-1) ?? 1;
    const shape = [1, 1, channels, 1];
    const scale = net.parameter({ name: "kernel", shape, initializer: v.ones });
    const shift = net.parameter({ name: "bias", shape: [channels], initializer: v.zeros });
    return v.apply(net.rec, scaledReluOp, [x, scale, shift], {});
  });

/** For pictures of this shape (height, width, channels) and so many classes. */
export function fusedOp(shape: v.Shape, classes: number): v.Model {
  const conv = v.conv2d({ filters: 8, kernelSize: 3, strides: 2, useBias: false });
  const head = v.dense({ units: classes, activation: "softmax" });
  return v.sequential("fused", shape, [conv, scaledRelu(), v.flatten(), head]);
}
