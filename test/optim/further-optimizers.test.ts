// AdamW, RMSprop, Nadam, Adagrad and Lion against float64 loops of Keras 3's formulas, against what Keras itself computes, and
// AdamW and RMSprop against float64 traces of the same formulas.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { adagrad } from "../../src/engine/optim/adagrad.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { lion } from "../../src/engine/optim/lion.ts";
import { nadam } from "../../src/engine/optim/nadam.ts";
import type { Optimizer } from "../../src/engine/optim/optimizer.ts";
import { rmsprop } from "../../src/engine/optim/rmsprop.ts";
import { sgd } from "../../src/engine/optim/sgd.ts";
import { adamw, withWeightDecay } from "../../src/engine/optim/weight-decay.ts";
import { assertClose, EXACT } from "../support/close.ts";
import { train } from "../support/optimizer-trace.ts";
import { randomArray } from "../support/random.ts";

const test = suite("further optimizers");
const vectors = JSON.parse(
  readFileSync(new URL("../fixtures/optimizers.json", import.meta.url), "utf8"),
);

/** One weight's step in float64: the new weight of step t (from 1), with what it keeps in `slots`. */
type Rule = (at: { w: number; g: number; t: number; rate: number; slots: number[] }) => number;

const at = (slots: readonly number[], index: number) => slots[index] ?? 0;

function rmspropRule(momentum: number, centered: boolean): Rule {
  return ({ w, g, rate, slots }) => {
    const v = 0.9 * at(slots, 0) + (1 - 0.9) * g * g;
    const mean = 0.9 * at(slots, 1) + (1 - 0.9) * g;
    const step = (rate * g) / Math.sqrt((centered ? v - mean * mean : v) + 1e-7);
    const velocity = momentum * at(slots, 2) + step;
    slots.splice(0, 3, v, mean, velocity);
    return w - velocity;
  };
}

const nadamRule: Rule = ({ w, g, t, rate, slots }) => {
  const u = (step: number) => 0.9 * (1 - 0.5 * 0.96 ** step);
  const product = Array.from({ length: t }, (_, i) => u(i + 1)).reduce((a, b) => a * b, 1);
  const m = 0.9 * at(slots, 0) + (1 - 0.9) * g;
  const v = 0.999 * at(slots, 1) + (1 - 0.999) * g * g;
  slots.splice(0, 2, m, v);
  const ahead = (u(t + 1) * m) / (1 - product * u(t + 1)) + ((1 - u(t)) * g) / (1 - product);
  return w - (rate * ahead) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-7);
};

const adagradRule: Rule = ({ w, g, rate, slots }) => {
  slots[0] = (slots[0] ?? 0.1) + g * g;
  return w - (rate * g) / Math.sqrt(slots[0] + 1e-7);
};

const lionRule: Rule = ({ w, g, rate, slots }) => {
  const step = Math.sign(0.9 * at(slots, 0) + (1 - 0.9) * g);
  slots[0] = 0.99 * at(slots, 0) + (1 - 0.99) * g;
  return w - rate * step;
};

const adamRule: Rule = ({ w, g, t, rate, slots }) => {
  const m = 0.9 * at(slots, 0) + (1 - 0.9) * g;
  const v = 0.999 * at(slots, 1) + (1 - 0.999) * g * g;
  slots.splice(0, 2, m, v);
  const alpha = (rate * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
  return w - (m * alpha) / (Math.sqrt(v) + 1e-7);
};

/** Of any rule: the weight decays first. */
function decayed(rule: Rule, decay: number): Rule {
  return (now) => rule({ ...now, w: now.w - now.w * decay * now.rate });
}

const cases: readonly (readonly [string, Optimizer, Rule])[] = [
  ["adamw", adamw(), decayed(adamRule, 0.004)],
  ["sgd with decay", withWeightDecay(sgd(), 0.1), decayed(({ w, g, rate }) => w - rate * g, 0.1)],
  ["rmsprop", rmsprop(), rmspropRule(0, false)],
  ["rmsprop with momentum", rmsprop({ momentum: 0.8 }), rmspropRule(0.8, false)],
  ["rmsprop, centred", rmsprop({ centered: true }), rmspropRule(0, true)],
  ["rmsprop, both", rmsprop({ momentum: 0.8, centered: true }), rmspropRule(0.8, true)],
  ["nadam", nadam(), nadamRule],
  ["adagrad", adagrad(), adagradRule],
  ["lion", lion(), lionRule],
];

// More words than a software adapter's invocations, so that each takes several.
const LENGTH = 4 * 1100 + 1;
const STEPS = 6;

for (const [name, optimizer, rule] of cases) {
  test(`${name} follows its formula in float64, on either adapter`, async () => {
    const start = randomArray(LENGTH, 1);
    const gradients = Array.from({ length: STEPS }, (_, t) => randomArray(LENGTH, 2 + t));
    const run = { optimizer, learningRate: 0.01, start, gradients };
    const soft = await train({ ...run, isSoftware: true });
    const hard = await train({ ...run, isSoftware: false });
    const expected = Float64Array.from(Float32Array.from(start));
    const slots = Array.from({ length: LENGTH }, (): number[] => []);
    const rate = Math.fround(0.01);
    for (const [step, gradient] of gradients.entries()) {
      for (const [i, w] of expected.entries()) {
        const g = Math.fround(gradient[i] ?? 0);
        expected[i] = rule({ w, g, t: step + 1, rate, slots: slots[i] ?? [] });
      }
      const [shape, actual] = [[LENGTH], soft[step]?.["w"] ?? []];
      const tolerance = { relative: 1e-6, absolute: 3e-6 };
      assertClose({ label: `w after ${step + 1}`, shape, actual, expected, tolerance });
      const other = hard[step]?.["w"] ?? [];
      assertClose({ label: "adapters", shape, actual: other, expected: actual, tolerance: EXACT });
    }
  });
}

/** What Keras itself computes, in float32 (keras-optimizers.py). */
const keras = JSON.parse(
  readFileSync(new URL("../fixtures/keras-optimizers.json", import.meta.url), "utf8"),
);

for (const [name, optimizer] of cases) {
  test(`${name} does what Keras ${keras.keras} does`, async () => {
    const { start, gradients, learningRate } = keras;
    const steps = await train({ optimizer, learningRate, start, gradients });
    for (const [t, expected] of keras.weights[name].entries()) {
      const actual = steps[t]?.["w"] ?? [];
      const tolerance = { relative: 1e-6, absolute: 1e-6 };
      assertClose({
        label: `w after ${t + 1}`,
        shape: [start.length],
        actual,
        expected,
        tolerance,
      });
    }
  });
}

const traces = [
  ["adamw_keras_wd0.004_f64", adamw()],
  ["rmsprop_keras3_mom0", rmsprop()],
  ["rmsprop_keras2.8_and_3_mom0.9", rmsprop({ momentum: 0.9 })],
  ["rmsprop_keras3_centered", rmsprop({ centered: true })],
] as const;

for (const [name, optimizer] of traces) {
  test(`${name} is the trace of ${optimizer.name}`, async () => {
    const { p0: start, grads: gradients } = vectors;
    const steps = await train({ optimizer, learningRate: 1e-3, start, gradients });
    for (const [t, expected] of vectors[name].entries()) {
      const tolerance = { relative: 0, absolute: 4e-7 };
      const actual = steps[t]?.["w"] ?? [];
      assertClose({ label: `w after ${t + 1}`, shape: [4], actual, expected, tolerance });
    }
  });
}

test("what pads an arena stays zero", async () => {
  for (const [, optimizer] of cases) {
    const zeros = [0, 0, 0, 0];
    const run = { learningRate: 1, start: zeros, gradients: [zeros, zeros, zeros] };
    const steps = await train({ optimizer, ...run });
    assert.equal([...(steps[2]?.["w"] ?? [])], zeros, optimizer.name);
  }
});

test("settings that make no sense are named", () => {
  assert.throws(() => rmsprop({ rho: 1 }), "rmsprop: rho lies in [0, 1), got 1");
  assert.throws(() => rmsprop({ epsilon: 0 }), "rmsprop: epsilon is a number above 0, got 0");
  assert.throws(() => nadam({ beta1: -1 }), "nadam: beta1 lies in [0, 1), got -1");
  assert.throws(
    () => adagrad({ initialAccumulatorValue: -1 }),
    "adagrad: initialAccumulatorValue is a number from 0, got -1",
  );
  assert.throws(() => lion({ beta2: Number.NaN }), "lion: beta2 lies in [0, 1), got NaN");
  assert.throws(() => withWeightDecay(adam(), -1), "adam: weightDecay is a number from 0, got -1");
});

test.run();
