// A network with a fused op that has variables (models/fused-op.ts and scaled-relu.wgsl there): a training of it.

import { fit, tensorData } from "vitrine";
import { openDevice } from "vitrine/node";
import { fusedOp } from "./models/fused-op.ts";
import { CLASSES, SHAPE, shapes } from "./shapes.ts";

const device = await openDevice();
const model = fusedOp(SHAPE, CLASSES.length);
const { images: x, labels: y } = shapes(400);
const train = tensorData({ x, y, shape: SHAPE });
const how = { train, learningRate: 3e-3, batchSize: 20, epochs: 8, seed: 1 };
const run = await fit(device, model, how);
console.log(`accuracy ${(await run.evaluate(train)).accuracy}`);
device.destroy();
