// What it costs to bring each step's rows from the host: LeNet-5 by batches of 50, epochs of both ways in turn, the shortest of each.

import { adam } from "../src/engine/optim/adam.ts";
import { openDevice } from "../src/library/open-device.ts";
import { lenet5 } from "../src/models/lenet5.ts";
import { allRows, placeDataset } from "../src/train/device-data.ts";
import { Trainer } from "../src/train/trainer.ts";
import { smallDataset } from "../test/support/small-data.ts";

const [ROWS, ROUNDS, BATCH] = [2000, 40, 50];

const device = await openDevice();
const dataset = smallDataset(ROWS);

async function trainerOn(budget: number | null) {
  const scope = device.scope();
  if (budget !== null) scope.rowMemory.budget = budget;
  const data = await placeDataset(scope, dataset);
  const trainer = await Trainer.create({
    ...{ device: scope, model: lenet5(), optimizer: adam(), data },
    ...{ batchSize: BATCH, learningRate: 1e-3, seed: 1 },
  });
  return { trainer, rows: allRows(data).rows, name: data.streaming ? "streamed" : "on the device" };
}

const both = [await trainerOn(null), await trainerOn(2 ** 20)];
const shortest = new Map<string, number>();
for (let round = 0; round < ROUNDS; round++) {
  for (const { trainer, rows, name } of both) {
    const start = performance.now();
    await trainer.fit({ rows, validationRows: new Uint32Array(), epochs: 1 });
    const ms = ((performance.now() - start) * BATCH) / ROWS;
    if (round > 0) shortest.set(name, Math.min(ms, shortest.get(name) ?? ms));
  }
}
for (const [name, ms] of shortest) console.log(`${name.padEnd(14)} ${ms.toFixed(2)} ms a step`);
device.destroy();
process.exit(0);
