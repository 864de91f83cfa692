// An optimiser of one's own: sign descent, w −= rate · sign(dw), in one dispatch over all weights.

import {
  conv2d,
  dense,
  fit,
  flatten,
  kernelFrom,
  linearGrid,
  type Optimizer,
  sequential,
  shaderFrom,
  sizeOf,
  tensorData,
} from "vitrine";
import { openDevice } from "vitrine/node";
import { SHAPE, shapes } from "./shapes.ts";

const shader = shaderFrom(
  "sign-descent",
  `struct Params { elements: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dw: array<f32>;
@group(0) @binding(2) var<storage, read> learning_rate: array<f32>;
@group(0) @binding(3) var<storage, read_write> w: array<f32>;
@compute @workgroup_size(64) fn update(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < params.elements) { w[id.x] -= learning_rate[0] * sign(dw[id.x]); }
}`,
);

const signDescent: Optimizer = {
  name: "sign-descent",
  slots: [],
  stateSize: 0,
  recordStep() {},
  recordUpdate(rec, { w, dw, learningRate }) {
    const elements = sizeOf(w.shape);
    rec.dispatch({
      ...{ op: "sign-descent", kernel: kernelFrom(shader, "update") },
      grid: linearGrid(elements, 64),
      bind: { dw, learning_rate: learningRate, w },
      params: { elements },
    });
  },
};

const device = await openDevice();
const model = sequential("signs", SHAPE, [
  conv2d({ filters: 8, kernelSize: 3, strides: 2, activation: "relu" }),
  flatten(),
  dense({ units: 4, activation: "softmax" }),
]);
const { images: x, labels: y } = shapes(400);
const train = tensorData({ x, y, shape: SHAPE });
const run = await fit(device, model, {
  ...{ train, optimizer: signDescent, learningRate: 1e-3, batchSize: 20, epochs: 10, seed: 1 },
});
console.log(`accuracy ${(await run.evaluate(train)).accuracy}`);
device.destroy();
