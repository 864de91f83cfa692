// A callback of one's own: adds a figure to the logs, and ends training as soon as the held-out accuracy is good enough.

import { type Callback, conv2d, dense, fit, flatten, sequential, split, tensorData } from "vitrine";
import { openDevice } from "vitrine/node";
import { SHAPE, shapes } from "./shapes.ts";

function goodEnough(accuracy: number): Callback {
  let began = 0;
  return {
    onTrainBegin() {
      began = performance.now();
    },
    onEpochEnd(epoch, logs, control) {
      logs["seconds"] = (performance.now() - began) / 1000;
      if ((logs["val_accuracy"] ?? 0) < accuracy) return;
      console.log(`good enough after epoch ${epoch + 1}`);
      control.stop();
    },
  };
}

const device = await openDevice();
const model = sequential("stopper", SHAPE, [
  conv2d({ filters: 8, kernelSize: 3, strides: 2, activation: "relu" }),
  flatten(),
  dense({ units: 4, activation: "softmax" }),
]);
const { images: x, labels: y } = shapes(600);
const { train, held } = split(tensorData({ x, y, shape: SHAPE }), { share: 0.25, seed: 3 });
const run = await fit(device, model, {
  ...{ train, validation: held, learningRate: 3e-3, batchSize: 30, epochs: 30, seed: 1 },
  callbacks: [goodEnough(0.9)],
});
console.log(run.ended, run.history.length, "epochs", run.history.at(-1));
console.log(`accuracy ${(await run.evaluate(held)).accuracy}`);
device.destroy();
