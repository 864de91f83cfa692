// The loss scale on the device: Keras's rules for it, and that a step with a gradient that is not finite leaves everything as it
// was, whichever the optimiser.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { zeros } from "../../src/engine/layers/initializers.ts";
import { Variables } from "../../src/engine/layers/variables.ts";
import { addTensors } from "../../src/engine/ops/add.ts";
import {
  createOptimizer,
  OPTIMIZER_NAMES,
  type OptimizerSettings,
} from "../../src/engine/optim/create-optimizer.ts";
import { LossScale } from "../../src/engine/optim/loss-scale.ts";
import type { Optimizer } from "../../src/engine/optim/optimizer.ts";
import { OptimizerState } from "../../src/engine/optim/optimizer-state.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("loss-scale");

const SIZES = [7, 130];

/** Updates that are recorded once, of gradients that are written before each. */
async function updates(optimizer: Optimizer, lossScale: LossScale | null) {
  const device = (await gpu()).scope();
  const rec = new Recorder({ name: "update", capabilities: device });
  const variables = new Variables(1);
  const declared = SIZES.map((size, index) =>
    variables.declare({ name: `w${index}`, shape: [size], initializer: zeros }),
  );
  const given = declared.map(({ tensor: { shape } }) => device.tensor(shape, "half"));
  const gradients = given.map((half) => addTensors(rec, half, half, "dw"));
  const state = new OptimizerState(optimizer, 0.01, lossScale);
  const map = new Map(declared.map(({ tensor }, i) => [tensor, gradients[i] ?? tensor]));
  state.record(rec, variables, map);
  variables.materialise(device);
  state.materialise(device);
  const executable = await Executable.compile(device, rec.finish());
  let steps = 0;
  return {
    device,
    /** With gradients of this seed times `scale`; `odd`: in place of one element. */
    step: async (seed: number, scale = 1, odd?: number) => {
      for (const [index, half] of given.entries()) {
        const values = randomArray(SIZES[index] ?? 0, 10 * seed + index);
        const scaled = Float32Array.from(values, (value) => (Math.fround(value) * scale) / 2);
        if (odd !== undefined && index === 1) scaled[97] = odd;
        device.write(half, scaled);
      }
      executable.run();
      steps++;
    },
    /** Everything that the optimiser has come to. */
    values: async () => {
      const { slots, ...rest } = await state.values(device, steps);
      const averages = await state.averages(device, variables);
      const all = [...slots].map(([slot, values]) => [slot, [...values]]);
      const weights = [...(await variables.snapshot(device))];
      return { ...rest, weights, all, averages: [...(averages ?? [])] };
    },
  };
}

const SETTINGS: Readonly<Record<string, OptimizerSettings>> = {
  sgd: { momentum: 0.9, nesterov: true, clipNorm: 0.5 },
  rmsprop: { momentum: 0.5, centered: true, clipValue: 0.2 },
  adam: { ema: 0.9, globalClipNorm: 0.5, weightDecay: 0.1 },
};

for (const name of OPTIMIZER_NAMES) {
  test(`${name}: a step that is not finite is left out, and the others are as without a scale`, async () => {
    const optimizer = () => createOptimizer(name, SETTINGS[name]);
    const scaled = await updates(optimizer(), new LossScale({ initialScale: 1024 }));
    await scaled.step(1, 1024);
    const before = await scaled.values();
    await scaled.step(2, 1024, Number.NEGATIVE_INFINITY);
    assert.equal(await scaled.values(), before);
    await scaled.step(3, 512, Number.NaN);
    assert.equal(await scaled.values(), before);
    await scaled.step(4, 256);
    const plain = await updates(optimizer(), null);
    await plain.step(1);
    await plain.step(4);
    const after = await scaled.values();
    assert.equal(after, await plain.values());
    assert.is(after.steps, 2);
    assert.is.not(JSON.stringify(after.weights), JSON.stringify(before.weights));
    scaled.device.destroy();
    plain.device.destroy();
  });
}

test("doubled after so many finite steps in a row, halved by one that is not", async () => {
  const lossScale = new LossScale({ initialScale: 8, growthSteps: 3 });
  const { device, step } = await updates(createOptimizer("sgd"), lossScale);
  const seen: number[][] = [];
  for (const isOdd of [0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0]) {
    await step(1, 1, isOdd === 1 ? Number.POSITIVE_INFINITY : undefined);
    const { scale, finiteSteps, skippedSteps } = await lossScale.values(device);
    seen.push([scale, finiteSteps, skippedSteps]);
  }
  assert.equal(seen, [
    ...[
      [8, 1, 0],
      [8, 2, 0],
      [16, 0, 0],
      [16, 1, 0],
      [16, 2, 0],
      [8, 0, 1],
    ],
    ...[
      [8, 1, 1],
      [8, 2, 1],
      [16, 0, 1],
      [8, 0, 2],
      [4, 0, 3],
      [4, 1, 3],
    ],
  ]);
  device.destroy();
});

test("what it cannot be is refused", () => {
  for (const initialScale of [0, -1, Number.NaN, 1e39]) {
    const rule = /^loss-scale: initialScale is a finite number above 0, got /;
    assert.throws(() => new LossScale({ initialScale }), rule);
  }
  for (const growthSteps of [0, 1.5, -3]) {
    const rule = /^loss-scale: growthSteps is a count from 1, got /;
    assert.throws(() => new LossScale({ growthSteps }), rule);
  }
});

test.run();
