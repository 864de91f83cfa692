// An autoencoder (models/autoencoder.ts), trained to give the pixels that it is given. Shows the loss
// falling, and how far a picture comes back from what it was.

import { fit, meanSquaredError, split, tensorData } from "vitrine";
import { openDevice } from "vitrine/node";
import { autoencoder } from "./models/autoencoder.ts";
import { SHAPE, shapes } from "./shapes.ts";

const { images } = shapes(600, 7);
const data = tensorData({ x: images, shape: SHAPE, target: "input", name: "shapes" });
const { train, held } = split(data, { share: 0.2, seed: 1 });

const model = autoencoder(SHAPE);
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
