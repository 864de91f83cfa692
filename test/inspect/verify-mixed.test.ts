// Verification of a step in mixed precision: what is stored as f16 is right, whichever rung computes it; what the loss scale adds is
// covered, and so is an update that is left out; and faults are found.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { batchNormalization } from "../../src/engine/layers/batch-normalization.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { depthwiseConv2d } from "../../src/engine/layers/convolutions.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { sequential } from "../../src/engine/layers/model.ts";
import { globalMaxPooling2d } from "../../src/engine/layers/pooling.ts";
import { tensorsOf } from "../../src/engine/program/program.ts";
import type { OpenStep } from "../../src/inspect/step.ts";
import { compare } from "../../src/inspect/verify/compare.ts";
import { stored, storedBeside } from "../../src/inspect/verify/reference/reference.ts";
import { verifyStep } from "../../src/inspect/verify/verify.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { gpu } from "../support/gpu.ts";
import type { Fault } from "../support/plant-fault.ts";
import { assertFound, assertRight, open, RIGHT } from "../support/verified-step.ts";

const test = suite("verify, of mixed precision");

test("a number that is stored as f16 may be either of the two around it, and none is expected beyond the largest", () => {
  const one = { value: 1, error: 0 };
  assert.equal(stored(one, "f32"), one);
  const outside = (got: number, value: number, error = 0) =>
    compare(Float32Array.of(got), [0], () => stored({ value, error }, "f16")).outside;
  const next = 1 + 2 ** -10;
  assert.is(outside(1, 1 + 2 ** -11), 0);
  assert.is(outside(next, 1 + 2 ** -11), 0);
  assert.is(outside(1 + 2 ** -9, 1 + 2 ** -11), 1);
  assert.is(outside(1 - 2 ** -9, 1 + 2 ** -11), 1);
  assert.is(outside(1 - 2 ** -9, 1 + 2 ** -11, 2 ** -8), 0);
  // Of the least ones, 2^-24 apart.
  assert.is(outside(2 ** -24, 2 ** -26), 0);
  assert.is(outside(2 ** -23, 2 ** -26), 1);
  assert.is(stored({ value: 65_519, error: 0 }, "f16"), null);
  assert.is(stored({ value: 65_500, error: 10 }, "f16"), null);
  assert.is(outside(Number.POSITIVE_INFINITY, 60_000), 1);
  assert.is(outside(60_000, Number.POSITIVE_INFINITY), 1);
  assert.is(storedBeside({ value: Number.POSITIVE_INFINITY, error: 0 }, "f16"), null);
  assert.ok((storedBeside(one, "f16")?.error ?? 0) >= 2 ** -10);
});

const { hasHalf } = await gpu();
const testHalf = hasHalf ? test : test.skip;

const MIXED = { precision: "mixed" } as const;

testHalf("a training step is right on every rung that fits", async () => {
  const layers = [
    conv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "relu" }),
    conv2d({ filters: 12, kernelSize: 1, activation: "tanh" }),
    depthwiseConv2d({ kernelSize: 3, padding: "same" }),
    conv2d({ filters: 16, kernelSize: 3, strides: 2, padding: "same" }),
    batchNormalization(),
    conv2d({ filters: 7, kernelSize: 5, activation: "sigmoid" }),
    globalMaxPooling2d(),
    dense({ units: 10, activation: "softmax" }),
  ];
  const model = { ...sequential("mixed", [14, 14, 1], layers), preprocessing: "resized" } as const;
  const step = await open({ model, ...MIXED });
  const stores = new Set(step.program.dispatches.flatMap(tensorsOf).map(({ dtype }) => dtype));
  assert.ok(stores.has("f16"));
  assertRight(await verifyStep(step.device, step.executable, { ...RIGHT, everyRung: true }));
  step.close();
});

/** In each kernel that only such a step has, and in one that stores f16. */
const FAULTS: readonly Fault[] = [
  { kernel: "cast/copy", from: "y[i] = x[i];", to: "y[i] = x[i] * 1.003;" },
  { kernel: "cast/scale", from: "y[i] = x[i] * by;", to: "y[i] = x[i] * by * 1.003;" },
  { kernel: "loss-scale/divide", from: "dw[i] /= by;", to: "dw[i] /= by + 1.0;" },
  { kernel: "loss-scale/advance", from: "counts[1] + 1u", to: "counts[1] + 2u" },
  { kernel: "gemm/naive/multiply", from: "sum += a[at_a]", to: "sum += 1.004 * a[at_a]" },
];

testHalf(
  "LeNet-5: all of it is covered, and a fault in any kernel of the loss scale is found",
  async () => {
    const step = await open({ model: lenet5(), rungs: { gemm: "naive" }, ...MIXED });
    assertRight(await verifyStep(step.device, step.executable, RIGHT));
    await assertFound(step, FAULTS);
    step.close();
  },
);

/** So that gradients are beyond what f16 holds. */
function overflow({ device, program }: OpenStep): void {
  const scale = program.dispatches.flatMap(tensorsOf).find(({ label }) => label === "lossScale");
  if (!scale) throw new Error("the step has no loss scale");
  device.write(scale, new Float32Array([2 ** 40]));
}

testHalf(
  "a step that is left out is right where it leaves weights and moments as they were",
  async () => {
    const step = await open({ model: lenet5(), ...MIXED });
    overflow(step);
    const updates = (checks: Awaited<ReturnType<typeof verifyStep>>["checks"]) =>
      checks.filter(({ kernels }) => kernels.includes("adam/update"));
    const found = await verifyStep(step.device, step.executable, RIGHT);
    assertRight(found);
    assert.ok(updates(found.checks).length > 0);
    for (const { worst } of updates(found.checks)) assert.is(worst?.absolute, 0);
    overflow(step);
    await assertFound(step, [
      { kernel: "loss-scale/advance", from: "select(1u, 0u, is_finite);", to: "0u;" },
    ]);
    step.close();
  },
);

test.run();
