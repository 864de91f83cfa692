// Data of one's own as bytes, 0 to 255, which reach the model divided by 255; stratified, and the worst mistakes shown.

import {
  areasUnderCurve,
  classificationScores,
  conv2d,
  dense,
  fit,
  flatten,
  maxPooling2d,
  predictionsOf,
  sequential,
  split,
  tensorData,
  topKAccuracy,
} from "vitrine";
import { openDevice } from "vitrine/node";
import { CLASSES, SHAPE, shapes } from "./shapes.ts";

const { images, labels } = shapes(600, 7);
const bytes = Uint8Array.from(images, (value) => Math.min(255, Math.round(255 * value)));
const data = tensorData({ x: bytes, y: labels, shape: SHAPE, name: "shapes" });
const { train, held } = split(data, { share: 0.25, seed: 1, stratify: true });

const device = await openDevice();
const model = sequential("bytes", SHAPE, [
  conv2d({ filters: 8, kernelSize: 3, activation: "relu" }),
  maxPooling2d({ poolSize: 2 }),
  flatten(),
  dense({ units: CLASSES.length, activation: "softmax" }),
]);
const run = await fit(device, model, {
  ...{ train, validation: held, learningRate: 3e-3, batchSize: 25, epochs: 8, seed: 1 },
});
const { accuracy, confusion } = await run.evaluate(held);
console.log(`accuracy ${accuracy}`);
for (const [label, counts] of confusion.entries()) console.log(CLASSES[label], counts);
const predicted = await run.predict(held);
const own = Array.from(held.rows, (row) => labels[row] ?? 0);
const predictions = predictionsOf(own, predicted);
console.log("macro F1", classificationScores(confusion).macro.f1);
console.log("top 2", topKAccuracy(predictions, 2));
console.log("macro AUC", areasUnderCurve(predictions, CLASSES.length).macro);
const sure = predicted.map((row, i) => [row[labels[held.rows[i] ?? 0] ?? 0] ?? 0, held.rows[i]]);
console.log("least sure of", sure.sort(([a = 0], [b = 0]) => a - b).slice(0, 3));
device.destroy();
