// What a run of the library has on the device is gone after `dispose()`, and after a `fit` that throws: every buffer of the device
// is counted, whoever made it.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Device } from "../../src/engine/core/device.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { sequential } from "../../src/engine/layers/model.ts";
import { dropout, flatten } from "../../src/engine/layers/shaping.ts";
import { type FitOptions, fit, type Run } from "../../src/library/fit.ts";
import { split, tensorData } from "../../src/library/tensor-data.ts";
import { VAL_LOSS } from "../../src/train/best-epoch.ts";
import { countBuffers } from "../support/count-buffers.ts";
import { gpu } from "../support/gpu.ts";

const test = suite("dispose");

const SHAPE = [6, 6, 1] as const;
const network = sequential("small", SHAPE, [
  conv2d({ filters: 2, kernelSize: 3, activation: "relu" }),
  flatten(),
  dropout({ rate: 0.2 }),
  dense({ units: 3, activation: "softmax" }),
]);
const ROWS = 20;
const bytes = Uint8Array.from({ length: 36 * ROWS }, (_, i) => (i * 37) % 256);
const y = Array.from({ length: ROWS }, (_, row) => row % 3);

const labelsOf = (live: ReadonlySet<GPUBuffer>): string[] => [...live].map(({ label }) => label);

async function trained(device: Device, more: Partial<FitOptions> = {}): Promise<Run> {
  const data = tensorData({ x: bytes, y, shape: SHAPE });
  const { train, held } = split(data, { share: 5, seed: 1 });
  return fit(device, network, {
    ...{ train, validation: held, learningRate: 0.01, batchSize: 6, epochs: 2, seed: 1 },
    ...{ keepBest: VAL_LOSS, useEma: true, classWeight: "balanced", watchNumbers: true },
    ...{ augment: { flip: "both" }, optimizerBytes: 2 ** 20 },
    ...more,
  });
}

test("a run that trained, scored and predicted leaves nothing, two side by side neither", async () => {
  const device = await gpu();
  const { live, end } = countBuffers(device);
  try {
    const [first, second] = [await trained(device), await trained(device, { seed: 2 })];
    const alone = live.size / 2;
    assert.ok(alone > 10, String(alone));
    const other = tensorData({ x: Float32Array.from(bytes), y, shape: SHAPE, name: "floats" });
    await first.evaluate(other);
    await first.predict(bytes);
    await first.predict(Float32Array.from(bytes));
    const { size } = live;
    await first.predict(bytes);
    assert.is(live.size, size, "predicting again takes no more");
    first.dispose();
    assert.is(live.size, alone, "the other run keeps its own");
    assert.is((await second.predict(bytes)).length, ROWS);
    second.dispose();
    assert.equal(labelsOf(live), []);
    first.dispose();
  } finally {
    end();
  }
});

test("a fit that throws leaves nothing, before the first step or within a run", async () => {
  const device = await gpu();
  const { live, end } = countBuffers(device);
  try {
    const wrong: readonly Partial<FitOptions>[] = [
      { classWeight: [1, 2, 3, 4] },
      { learningRate: Number.NaN },
      {
        onEpochEnd: () => {
          throw new Error("enough");
        },
      },
    ];
    for (const more of wrong) {
      const found = await trained(device, more).catch((error: unknown) => error);
      assert.instance(found, Error);
      assert.equal(labelsOf(live), []);
    }
  } finally {
    end();
  }
});

test.run();
