// A model of one's own: trained with early stopping, scored, asked, and saved. `npx vitrine run examples/own-model.ts`

import {
  adam,
  conv2d,
  dense,
  earlyStopping,
  fit,
  flatten,
  maxPooling2d,
  sequential,
  split,
  tensorData,
} from "vitrine";
import { openDevice, saveSafetensors } from "vitrine/node";
import { CLASSES, SHAPE, shapes } from "./shapes.ts";

const { images, labels } = shapes(600);
const device = await openDevice();
const model = sequential("shapes", SHAPE, [
  conv2d({ filters: 8, kernelSize: 3, activation: "relu" }),
  maxPooling2d(),
  flatten(),
  dense({ units: CLASSES.length, activation: "softmax" }),
]);
const data = tensorData({ x: images, y: labels, shape: SHAPE });
const { train, held } = split(data, { share: 0.2, seed: 1 });
const run = await fit(device, model, {
  ...{ train, validation: held, optimizer: adam(), learningRate: 3e-3 },
  ...{ batchSize: 32, epochs: 8, seed: 1, callbacks: [earlyStopping({ patience: 3 })] },
  onEpochEnd: (epoch, { loss, val_accuracy }) => console.log(epoch, loss, val_accuracy),
});
const { accuracy } = await run.evaluate(held);
const [probabilities] = await run.predict(images.subarray(0, 16 * 16 * 3));
console.log(`accuracy ${accuracy}`, probabilities);
await saveSafetensors(process.argv[2] ?? "shapes.safetensors", run.weights);
run.dispose();
device.destroy();
