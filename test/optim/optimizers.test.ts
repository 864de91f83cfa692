// Adam and SGD against float64 traces of Keras's formulas, and over tensors large enough that invocations take several
// words each.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { adam } from "../../src/engine/optim/adam.ts";
import { sgd } from "../../src/engine/optim/sgd.ts";
import { assertClose, EXACT } from "../support/close.ts";
import { train } from "../support/optimizer-trace.ts";
import { randomArray } from "../support/random.ts";

const test = suite("optimizers");
const vectors = JSON.parse(
  readFileSync(new URL("../fixtures/optimizers.json", import.meta.url), "utf8"),
);
const TRACE = { relative: 0, absolute: 2e-7 };

function check(label: string, actual: ArrayLike<number> | undefined, expected: ArrayLike<number>) {
  const shape = [expected.length];
  assertClose({ label, shape, actual: actual ?? [], expected, tolerance: TRACE });
}

const { p0: start, grads: gradients } = vectors;

test("adam follows Keras's trace in w, m and v", async () => {
  const steps = await train({ optimizer: adam(), learningRate: 1e-3, start, gradients });
  for (const [t, expected] of vectors.adam_keras_f64.entries()) {
    check(`w after ${t + 1}`, steps[t]?.["w"], expected.p);
    check(`m after ${t + 1}`, steps[t]?.["m"], expected.m);
    check(`v after ${t + 1}`, steps[t]?.["v"], expected.v);
  }
});

test("adam's epsilon is Keras's, not PyTorch's", async () => {
  const steps = await train({ optimizer: adam(), learningRate: 1e-3, start, gradients });
  const pytorch = vectors["adam_torch_eps1e-7_f64"][2];
  assert.ok(Math.abs((steps[2]?.["w"]?.[3] ?? 0) - pytorch[3]) > 1e-6);
});

const traces = [
  ["sgd_lr0.01", sgd()],
  ["sgd_mom0.9_lr0.01", sgd({ momentum: 0.9 })],
  ["sgd_nesterov0.9_lr0.01", sgd({ momentum: 0.9, nesterov: true })],
] as const;

for (const [name, optimizer] of traces) {
  test(`${name} follows Keras's trace`, async () => {
    const steps = await train({ optimizer, learningRate: 0.01, start, gradients });
    for (const [t, expected] of vectors[name].entries()) {
      check(`w after ${t + 1}`, steps[t]?.["w"], expected);
    }
  });
}

test("adam's corrections keep their digits over a thousand steps", async () => {
  const gradients = Array.from({ length: 1000 }, () => [0, 0, 0, 0]);
  const steps = await train({
    optimizer: adam(),
    learningRate: 1e-3,
    start: [0, 0, 0, 0],
    gradients,
  });
  for (const t of [1, 2, 10, 100, 1000]) {
    assertClose({
      label: `1 − β^${t}`,
      shape: [2],
      actual: steps[t - 1]?.["state"] ?? [],
      expected: [1 - 0.9 ** t, 1 - 0.999 ** t],
      // 1 − pow(β, t) in float32 is 1.3e-5 off at t = 1. Later, roundings add up to at most ε/(1 − β).
      tolerance: { relative: t <= 10 ? 1e-6 : 3e-5, absolute: 0 },
    });
  }
  // A weight whose gradient was never other than zero does not move: what pads an arena stays zero.
  assert.equal([...(steps[999]?.["w"] ?? [])], [0, 0, 0, 0]);
});

for (const optimizer of [adam(), sgd({ momentum: 0.9 })]) {
  test(`${optimizer.name} takes every word of a large tensor, once`, async () => {
    const length = 4 * 2500;
    const period = 20;
    const one = { start: randomArray(period, 1), gradient: randomArray(period, 2) };
    const tiled = (values: Float64Array) =>
      Float64Array.from({ length }, (_, i) => values[i % period] ?? 0);
    const large = {
      start: tiled(one.start),
      gradients: [tiled(one.gradient), tiled(one.gradient)],
    };
    const small = { start: one.start, gradients: [one.gradient, one.gradient] };
    const expected = (await train({ optimizer, learningRate: 0.01, ...small }))[1]?.["w"];
    for (const isSoftware of [true, false]) {
      const steps = await train({ optimizer, learningRate: 0.01, ...large, isSoftware });
      assertClose({
        label: `recorded for ${isSoftware ? "software" : "hardware"}`,
        shape: [length],
        actual: steps[1]?.["w"] ?? [],
        expected: tiled(Float64Array.from(expected ?? [])),
        tolerance: EXACT,
      });
    }
  });
}

test("settings that make no sense are named", () => {
  assert.throws(() => sgd({ momentum: -1 }), "sgd: momentum lies in [0, 1], got -1");
  assert.throws(() => sgd({ momentum: Number.NaN }), "got NaN");
  assert.throws(() => adam({ beta2: 1 }), "adam: beta2 lies in [0, 1), got 1");
});

test.run();
