// A network with an op of one's own, whose kernels are written by hand (models/own-op.ts and leaky-relu.wgsl there): a training of it.

import { fit, tensorData } from "vitrine";
import { openDevice } from "vitrine/node";
import { ownOp } from "./models/own-op.ts";
import { CLASSES, SHAPE, shapes } from "./shapes.ts";

const device = await openDevice();
const model = ownOp(SHAPE, CLASSES.length);
const { images: x, labels: y } = shapes(400);
const train = tensorData({ x, y, shape: SHAPE });
const how = { train, learningRate: 3e-3, batchSize: 20, epochs: 8, seed: 1 };
const run = await fit(device, model, how);
console.log(`accuracy ${(await run.evaluate(train)).accuracy}`);
device.destroy();
