// A residual network (models/residual.ts): what its layers are, and a training of it.

import { describeModel, fit, split, tensorData } from "vitrine";
import { openDevice } from "vitrine/node";
import { residual } from "./models/residual.ts";
import { CLASSES, SHAPE, shapes } from "./shapes.ts";

const model = residual(SHAPE, CLASSES.length);
console.log(describeModel(model).layers.map(({ name, outputShape }) => `${name} ${outputShape}`));
const device = await openDevice();
const { images: x, labels: y } = shapes(600);
const { train, held } = split(tensorData({ x, y, shape: SHAPE }), { share: 0.2, seed: 1 });
const run = await fit(device, model, {
  ...{ train, validation: held, learningRate: 3e-3, batchSize: 40, epochs: 8, seed: 1 },
});
console.log(`accuracy ${(await run.evaluate(held)).accuracy}`);
device.destroy();
