// What a training step costs the host: LeNet-5's at batch 50, encoded as the trainer does it, many in one pass, and the submit.
// Nothing that is encoded here runs before the sample is taken, so that the driver's threads are still.

import { adam } from "../src/engine/optim/adam.ts";
import { openStep } from "../src/inspect/step.ts";
import { openDevice } from "../src/library/open-device.ts";
import { lenet5 } from "../src/models/lenet5.ts";
import { uploadDataset } from "../src/train/device-data.ts";
import { smallDataset } from "../test/support/small-data.ts";

const [ROUNDS, STEPS] = [40, 12];

const device = await openDevice();
const data = uploadDataset(device, smallDataset(1000));
const step = await openStep(device, {
  ...{ model: lenet5(), data, kind: "train", batchSize: 50, optimizer: adam() },
});
const { executable } = step;
const encoding: number[] = [];
const submitting: number[] = [];
const heap: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  step.rewind();
  await device.settle();
  const before = process.memoryUsage().heapUsed;
  const start = performance.now();
  const encoder = device.handle.createCommandEncoder();
  const pass = encoder.beginComputePass();
  executable.encodeAll(pass, STEPS);
  pass.end();
  const encoded = performance.now();
  heap.push(process.memoryUsage().heapUsed - before);
  device.submit(encoder);
  submitting.push(performance.now() - encoded);
  encoding.push((encoded - start) / STEPS);
}
await device.settle();
for (const [name, samples] of Object.entries({ encoding, submitting })) {
  const sorted = samples.slice(5).sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1] ?? 0;
  console.log(
    `${name.padEnd(12)} ${((sorted[0] ?? 0) * 1e3).toFixed(0)} µs at best, ${(median * 1e3).toFixed(0)} in the median`,
  );
}
const sortedHeap = heap.slice(5).sort((a, b) => a - b);
console.log(
  `${executable.dispatches.length} dispatches a step; heap ${sortedHeap[sortedHeap.length >> 1]} bytes for ${STEPS} steps`,
);
step.close();
device.destroy();
process.exit(0);
