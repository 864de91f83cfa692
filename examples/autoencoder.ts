// An autoencoder: pictures through a bottleneck of few numbers and back, trained to give their own pixels. Shows the loss
// falling, and how far a picture comes back from what it was.

import {
  conv2d,
  conv2dTranspose,
  dense,
  fit,
  flatten,
  meanSquaredError,
  reshape,
  sequential,
  split,
  tensorData,
} from "vitrine";
import { openDevice } from "vitrine/node";
import { SHAPE, shapes } from "./shapes.ts";

const [height = 1, width = 1, channels = 1] = SHAPE;
const { images } = shapes(600, 7);
const data = tensorData({ x: images, shape: SHAPE, target: "input", name: "shapes" });
const { train, held } = split(data, { share: 0.2, seed: 1 });

const model = sequential("autoencoder", SHAPE, [
  conv2d({ filters: 8, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }),
  flatten(),
  dense({ units: 16, activation: "relu", name: "code" }),
  dense({ units: (height / 2) * (width / 2) * 8, activation: "relu" }),
  reshape({ targetShape: [height / 2, width / 2, 8] }),
  conv2dTranspose({
    ...{ filters: channels, kernelSize: 3, strides: 2, padding: "same" },
    activation: "sigmoid",
  }),
]);

const device = await openDevice();
const run = await fit(device, model, {
  ...{ train, validation: held, loss: meanSquaredError() },
  ...{ learningRate: 3e-3, batchSize: 20, epochs: 12, seed: 1 },
});
for (const [epoch, { loss, mae, val_loss }] of run.history.entries()) {
  console.log(
    `epoch ${epoch + 1}  loss ${loss?.toFixed(4)}  mae ${mae?.toFixed(4)}  held out ${val_loss?.toFixed(4)}`,
  );
}
const first = run.history[0]?.["loss"] ?? 0;
const { loss, mae } = await run.evaluate(held);
console.log(`mean absolute error of a pixel ${mae}`);
console.log(`fallen by ${1 - loss / first}`);
device.destroy();
