// Where a step's time goes, whether its kernels are right, a page to walk through it, and which kernel spoilt the numbers of a training: of a
// model with an op of one's own, by functions that take what `fit` takes. `profile`, `verify` and `inspect` are commands for others.

import { writeFile } from "node:fs/promises";
import {
  chromeTrace,
  dispatchTable,
  fit,
  hunt,
  huntLines,
  isWithin,
  profile,
  tensorData,
  verify,
  verifyTable,
} from "vitrine";
import { openDevice, rooflineSvg, saveInspection } from "vitrine/node";
import { ownOp } from "./models/own-op.ts";
import { CLASSES, SHAPE, shapes } from "./shapes.ts";

const device = await openDevice();
const model = ownOp(SHAPE, CLASSES.length);
const { images: x, labels: y } = shapes(100);
const how = {
  train: tensorData({ x, y, shape: SHAPE }),
  ...{ learningRate: 3e-3, batchSize: 20, epochs: 2, seed: 1 },
};
const run = await fit(device, model, how);
const trained = { ...how, initialWeights: run.weights };

const timed = await profile(device, model, { ...trained, samples: 5 });
for (const line of dispatchTable(timed)) console.log(line);
console.log(`a step takes ${timed.stepMs.median.toFixed(3)} ms on ${timed.adapter}`);
await writeFile("step.json", JSON.stringify(chromeTrace(timed))); // for ui.perfetto.dev
await writeFile("roofline.svg", await rooflineSvg(timed));

const verified = await verify(device, model, trained);
for (const line of verifyTable(verified)) console.log(line);
const { checks, uncovered } = verified;
console.log(`right: ${checks.every(isWithin)}, in ${checks.length} comparisons`);
for (const { kernels } of uncovered) console.log(`nothing to hold it against: ${kernels}`);

await saveInspection(device, model, { ...trained, out: "step.html" });

const trail = await hunt(device, model, { ...how, learningRate: 1e30 });
if (trail) {
  console.log(`epoch ${trail.epoch}, step ${trail.culprit.step}:`);
  for (const line of huntLines(trail.culprit, process.cwd())) console.log(line);
}
device.destroy();
