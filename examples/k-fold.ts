// Cross-validation by hand: stratified folds, a fresh model for each, mean and standard deviation.

import {
  conv2d,
  dense,
  fit,
  flatten,
  rowsOf,
  sequential,
  spread,
  stratifiedKFold,
  tensorData,
} from "vitrine";
import { openDevice } from "vitrine/node";
import { SHAPE, shapes } from "./shapes.ts";

const { images: x, labels: y } = shapes(400);
const data = tensorData({ x, y, shape: SHAPE });
const device = await openDevice();
const model = sequential("folds", SHAPE, [
  conv2d({ filters: 8, kernelSize: 3, strides: 2, activation: "relu" }),
  flatten(),
  dense({ units: 4, activation: "softmax" }),
]);

const accuracies: number[] = [];
for (const [fold, { train, test }] of stratifiedKFold(y, { folds: 4, seed: 1 }).entries()) {
  using run = await fit(device, model, {
    ...{ train: rowsOf(data, train), learningRate: 3e-3, batchSize: 25, epochs: 8, seed: fold },
  });
  const { accuracy, loss } = await run.evaluate(rowsOf(data, test));
  console.log(`fold ${fold + 1}: accuracy ${accuracy}, loss ${loss.toFixed(4)}`);
  accuracies.push(accuracy);
}
const { mean, deviation } = spread(accuracies);
console.log(`accuracy ${mean.toFixed(4)} ± ${deviation.toFixed(4)}`);
device.destroy();
