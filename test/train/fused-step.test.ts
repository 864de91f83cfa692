// Ops that are recorded into a neighbour's kernel compute what they compute by themselves, to the bit, in fewer dispatches.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Model } from "../../src/engine/layers/model.ts";
import { openStep } from "../../src/inspect/step.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("fused steps");

/** Dispatches of a step on a software adapter. */
const FUSED = 20;

/** Everything that two steps leave behind, and how many dispatches one has. */
async function trained(model: Model, fuses: boolean) {
  const device = await gpu();
  const data = uploadDataset(device, smallDataset(40));
  device.rungTable.fuses = fuses;
  try {
    const step = await openStep(device, { model, data, kind: "train", batchSize: 20 });
    const { dispatches } = step.executable;
    step.executable.run(2);
    const bytes: Uint8Array[] = [];
    for (const storage of step.program.persistent) {
      const shape = [storage.bytes / 4];
      const whole = { label: storage.label, shape, dtype: "u32", storage } as const;
      bytes.push(new Uint8Array(await step.device.read(whole)));
    }
    step.close();
    return { bytes, dispatches: dispatches.length };
  } finally {
    device.rungTable.fuses = true;
  }
}

for (const [name, model, most] of [
  ["relu and max", lenet5(), FUSED],
  ["tanh and average", lenet5({ activation: "tanh", pooling: "average" }), FUSED],
] as const) {
  test(`LeNet-5, ${name}: the same weights, moments and running sums`, async () => {
    const [fused, apart] = [await trained(model, true), await trained(model, false)];
    assert.is(fused.bytes.length, apart.bytes.length);
    for (const [index, bytes] of fused.bytes.entries()) {
      assert.equal(bytes, apart.bytes[index]);
    }
    assert.is(fused.dispatches, most);
    assert.ok(apart.dispatches > most, `${apart.dispatches} dispatches apart`);
  });
}

test.run();
