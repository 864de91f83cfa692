// A look inside: the recorded training step, dispatch by dispatch, and where its arithmetic is.

import {
  conv2d,
  type Dispatch,
  dense,
  fit,
  flatten,
  maxPooling2d,
  sequential,
  tensorData,
} from "vitrine";
import { openDevice } from "vitrine/node";
import { SHAPE, shapes } from "./shapes.ts";

const device = await openDevice();
const model = sequential("glass", SHAPE, [
  conv2d({ filters: 16, kernelSize: 3, activation: "relu" }),
  maxPooling2d(),
  flatten(),
  dense({ units: 4, activation: "softmax" }),
]);
const { images: x, labels: y } = shapes(100);
const train = tensorData({ x, y, shape: SHAPE });
const { program } = await fit(device, model, {
  ...{ train, learningRate: 1e-3, batchSize: 50, epochs: 1, seed: 1 },
});

const describe = ({ id, pass, layers, kernel, grid, bindings }: Dispatch): string => {
  const tensors = Object.entries(bindings).map(([name, { tensor }]) => `${name} (${tensor.shape})`);
  return `${id} ${pass} ${layers.join("+")} ${kernel.label} ${grid.join("×")}: ${tensors.join(", ")}`;
};
for (const dispatch of program.dispatches) console.log(describe(dispatch));

const work = new Map<string, number>();
for (const { layers, pass, flops } of program.dispatches) {
  const key = `${layers[0] ?? "step"} ${pass}`;
  work.set(key, (work.get(key) ?? 0) + flops);
}
const total = program.dispatches.reduce((sum, { flops }) => sum + flops, 0);
for (const [key, flops] of [...work].sort(([, a], [, b]) => b - a).slice(0, 5)) {
  console.log(`${key.padEnd(24)} ${((100 * flops) / total).toFixed(1)} %`);
}
console.log(`${program.dispatches.length} dispatches, ${(total / 1e6).toFixed(1)} MFLOP a step`);
device.destroy();
