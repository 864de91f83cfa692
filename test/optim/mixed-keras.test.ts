// Training in mixed precision beside what real Keras computes under mixed_float16: losses, scales and weights, and a scale that
// is too large.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sgd } from "../../src/engine/optim/sgd.ts";
import type { FitRun } from "../../src/train/fit.ts";
import { assertClose } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { figures, STEPS, trained, weights } from "../support/mixed-model.ts";

const test = suite("mixed precision beside Keras");

interface Case {
  readonly losses: number[];
  /** After each step. */
  readonly scales: number[];
  readonly iterations: number;
  readonly weights: Readonly<Record<string, number[]>>;
}
const FIXTURE = new URL("../fixtures/keras-mixed.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(FIXTURE, "utf8")) as {
  readonly cases: Readonly<Record<string, Case>>;
};

/** Where there is no f16, none of this can be but the refusal; then it says so, once. */
const { hasHalf } = await gpu();
if (!hasHalf)
  console.log("mixed: this adapter has no shader-f16, so mixed precision is not tested");
const testHalf = hasHalf ? test : test.skip;

/** Rounded to 11 bits on the way, losses of two implementations are this close. */
const CLOSE = { relative: 1.5e-3, absolute: 0 };

function assertLosses(run: FitRun, expected: readonly number[]): void {
  const shape = [expected.length];
  assertClose({ label: "loss", shape, actual: figures(run, "loss"), expected, tolerance: CLOSE });
}

/**
 * Under Keras everything is rounded that an op of its comes to, here what a kernel stores: so weights end a little apart, of the way
 * that they went.
 */
function assertWeights(run: FitRun, { weights: expected }: Case): void {
  let [apart, way] = [0, 0];
  for (const [name, values] of Object.entries(expected)) {
    const from = weights.get(name);
    const actual = run.weights.get(name) ?? new Float32Array();
    assert.is(actual.length, values.length, name);
    for (const [i, value] of from ? values.entries() : []) {
      apart += (value - (actual[i] ?? Number.NaN)) ** 2;
      way += (value - (from?.[i] ?? Number.NaN)) ** 2;
    }
  }
  const share = Math.sqrt(apart / way);
  assert.ok(share <= 0.03, `weights are ${share} of their way apart`);
}

function caseOf(name: string): Case {
  const found = cases[name];
  if (!found) throw new Error(`mixed: no case ${name}`);
  return found;
}

for (const [name, asked] of [
  ["adam", {}],
  ["adam, growing", { lossScale: { initialScale: 2 ** 4, growthSteps: 3 } }],
  ["sgd", { optimizer: sgd({ momentum: 0.9 }), learningRate: 0.05 }],
] as const) {
  testHalf(`${name}: losses, scales and weights of Keras`, async () => {
    const expected = caseOf(name);
    const run = await trained(asked);
    assertLosses(run, expected.losses);
    assert.equal(figures(run, "loss_scale"), expected.scales);
    assertWeights(run, expected);
    assert.is(run.kept?.optimizer?.steps, expected.iterations);
  });
}

testHalf(
  "a scale that is far too large: every step is left out and halves it, as in Keras",
  async () => {
    const expected = caseOf("adam, overflowing");
    const run = await trained({ lossScale: { initialScale: 2 ** 40 } });
    assertLosses(run, expected.losses);
    assert.equal(figures(run, "loss_scale"), expected.scales);
    assert.equal(
      figures(run, "skipped_steps"),
      Array.from({ length: STEPS }, (_, step) => step + 1),
    );
    for (const [name, values] of weights) assert.equal(run.weights.get(name), values, name);
    const { steps, slots } = run.kept?.optimizer ?? {};
    assert.is(steps, expected.iterations);
    for (const slot of slots?.values() ?? []) {
      for (const values of slot.values()) assert.ok(values.every((value) => value === 0));
    }
    // What the batch says of itself has moved all the same.
    const { "batch_normalization/moving_mean": mean = [] } = expected.weights;
    assert.ok(mean.some((value) => value !== 0));
    const actual = run.weights.get("batch_normalization/moving_mean") ?? [];
    assertClose({
      label: "mean",
      shape: [8],
      actual,
      expected: mean,
      tolerance: { relative: 1e-3, absolute: 1e-3 },
    });
  },
);

testHalf("a scale that is too large comes down to one that fits, and then it trains", async () => {
  const run = await trained({ lossScale: { initialScale: 2 ** 24 } });
  const skipped = figures(run, "skipped_steps");
  const { iterations } = caseOf("adam, recovering");
  // Keras stores weights' gradients as f16, where they overflow first; here they are f32.
  const last = skipped.at(-1) ?? 0;
  assert.ok(last > 3 && last <= STEPS - iterations, `${last} steps`);
  assert.equal(
    figures(run, "loss_scale"),
    skipped.map((count) => 2 ** (24 - count)),
  );
  // Each loss is that of a training without the steps that were left out.
  const updates = skipped.map((_, step) => step - (step === 0 ? 0 : (skipped[step - 1] ?? 0)));
  assertLosses(
    run,
    updates.map((count) => caseOf("adam").losses[count] ?? Number.NaN),
  );
  assert.is(run.kept?.optimizer?.steps, STEPS - last);
});

test.run();
