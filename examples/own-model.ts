// A model of one's own (models/own-model.ts): trained with early stopping, scored, asked, and saved. `npx vitrine run examples/own-model.ts`

import { adam, earlyStopping, fit, split, tensorData } from "vitrine";
import { openDevice, saveSafetensors } from "vitrine/node";
import { ownModel } from "./models/own-model.ts";
import { CLASSES, SHAPE, shapes } from "./shapes.ts";

const { images, labels } = shapes(600);
const device = await openDevice();
const model = ownModel(SHAPE, CLASSES.length);
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
