// Activations whose slope needs what went in: values, gradients, the far ends, NaN.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sizeOf } from "../../src/engine/core/shape.ts";
import { CURVES, type CurveAttrs, curve } from "../../src/engine/ops/curve.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { NO_SLOPES } from "../../src/engine/program/tape-entry.ts";
import { checkOp } from "../support/check-op.ts";
import { evaluate } from "../support/evaluate.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("curve");

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const elu = (x: number, alpha: number) => (x > 0 ? x : alpha * Math.expm1(x));
const clip = (x: number) => Math.min(1, Math.max(0, x));

/** Φ(x), by Simpson's rule. */
function normal(x: number): number {
  const steps = 400;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const weight = i === 0 || i === steps ? 1 : i % 2 === 0 ? 2 : 4;
    sum += weight * Math.exp(-(((x * i) / steps) ** 2) / 2);
  }
  return 0.5 + (sum * x) / (3 * steps * Math.sqrt(2 * Math.PI));
}

interface Case {
  readonly label: string;
  readonly attrs: CurveAttrs;
  readonly of: (x: number) => number;
}

const rectified = (slope: number, threshold: number, most: number) => (x: number) =>
  x >= most ? most : x >= threshold ? x : slope * (x - threshold);

const CASES: readonly Case[] = [
  { label: "relu", attrs: { kind: "rectified" }, of: (x) => Math.max(x, 0) },
  {
    label: "relu6",
    attrs: { kind: "rectified", most: 6 },
    of: (x) => Math.min(6, Math.max(x, 0)),
  },
  {
    label: "leaky",
    attrs: { kind: "rectified", slope: 0.2 },
    of: rectified(0.2, 0, Number.POSITIVE_INFINITY),
  },
  {
    label: "ReLU with all of it",
    attrs: { kind: "rectified", slope: 0.1, threshold: 1, most: 2.5 },
    of: rectified(0.1, 1, 2.5),
  },
  { label: "elu", attrs: { kind: "elu" }, of: (x) => elu(x, 1) },
  { label: "elu of 0.3", attrs: { kind: "elu", slope: 0.3 }, of: (x) => elu(x, 0.3) },
  {
    label: "selu",
    attrs: { kind: "selu" },
    of: (x) => 1.0507009873554805 * elu(x, 1.6732632423543772),
  },
  { label: "gelu", attrs: { kind: "gelu" }, of: (x) => x * normal(x) },
  {
    label: "gelu_tanh",
    attrs: { kind: "gelu_tanh" },
    of: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  },
  { label: "silu", attrs: { kind: "silu" }, of: (x) => x * sigmoid(x) },
  { label: "softplus", attrs: { kind: "softplus" }, of: softplus },
  { label: "softsign", attrs: { kind: "softsign" }, of: (x) => x / (1 + Math.abs(x)) },
  { label: "hard_sigmoid", attrs: { kind: "hard_sigmoid" }, of: (x) => clip(x / 6 + 0.5) },
  {
    label: "hard_sigmoid of Keras 2",
    attrs: { kind: "hard_sigmoid", slope: 0.2 },
    of: (x) => clip(0.2 * x + 0.5),
  },
  { label: "hard_silu", attrs: { kind: "hard_silu" }, of: (x) => x * clip(x / 6 + 0.5) },
  { label: "exponential", attrs: { kind: "exponential" }, of: Math.exp },
  { label: "mish", attrs: { kind: "mish" }, of: (x) => x * Math.tanh(softplus(x)) },
  { label: "log_sigmoid", attrs: { kind: "log_sigmoid" }, of: (x) => -softplus(-x) },
  { label: "hard_tanh", attrs: { kind: "hard_tanh" }, of: (x) => Math.min(1, Math.max(-1, x)) },
  {
    label: "hard_shrink",
    attrs: { kind: "hard_shrink", threshold: 0.5 },
    of: (x) => (Math.abs(x) > 0.5 ? x : 0),
  },
  {
    label: "soft_shrink",
    attrs: { kind: "soft_shrink", threshold: 0.5 },
    of: (x) => Math.sign(x) * Math.max(Math.abs(x) - 0.5, 0),
  },
  { label: "tanh_shrink", attrs: { kind: "tanh_shrink" }, of: (x) => x - Math.tanh(x) },
  {
    label: "squareplus",
    attrs: { kind: "squareplus" },
    of: (x) => (x > 0 ? (x + Math.hypot(x, 2)) / 2 : 2 / (Math.hypot(x, 2) - x)),
  },
  {
    label: "sparse_plus",
    attrs: { kind: "sparse_plus" },
    of: (x) => (x <= -1 ? 0 : x < 1 ? (x + 1) ** 2 / 4 : x),
  },
];

for (const { label, attrs, of } of CASES) {
  for (const shape of [[1], [3, 5], [2, 3, 5, 7]]) {
    test(`${label} over ${shape}`, () =>
      checkOp({
        label,
        // From −4 to 4, away from the kinks at 0, 1, 2.5, ±½, ±1, ±2.5 and ±3.
        inputs: {
          x: {
            shape,
            values: randomArray(sizeOf(shape), 3).map((v) => Math.round(40 * v) / 10 + 0.03),
          },
        },
        build: (rec, { x }) => apply(rec, curve, [x], attrs),
        reference: ({ x }) => x.map(of),
      }));
  }
}

test("all are there", () => {
  assert.equal(new Set(CASES.map(({ attrs }) => attrs.kind)), new Set(CURVES));
});

/** Values and gradients of one kind at given places. */
async function at(attrs: CurveAttrs, values: readonly number[]) {
  const device = await gpu();
  const x = device.tensor([values.length], "x", Float32Array.from(values));
  const dy = device.tensor([values.length], "dy", new Float32Array(values.length).fill(1));
  const { outputs } = await evaluate((rec) => {
    const output = apply(rec, curve, [x], attrs);
    const saved = x;
    const [dx] = curve.backward(rec, dy, saved, attrs, [true], NO_SLOPES);
    if (!dx) throw new Error("no gradient");
    return { y: output, dx };
  });
  return outputs;
}

for (const { label, attrs, of } of CASES) {
  test(`${label} far out, and at NaN`, async () => {
    const places = [-1e30, -1000, -100, 100, 1000, 1e30].filter(
      (x) => label !== "exponential" || x < 0,
    );
    const { y, dx } = await at(attrs, [...places, Number.NaN]);
    for (const [i, place] of places.entries()) {
      const wanted = label === "gelu" ? Math.max(place, 0) : of(place);
      const error = Math.abs((y[i] ?? Number.NaN) - wanted);
      assert.ok(error <= 1e-6 * Math.abs(wanted) + 1e-6, `f(${place}) = ${y[i]}, not ${wanted}`);
      assert.ok(Number.isFinite(dx[i]), `f'(${place}) = ${dx[i]}`);
    }
    assert.ok(Number.isNaN(y[places.length]));
    assert.ok(Number.isNaN(dx[places.length]));
  });
}

test("the slope of a relu at 0 is 0, as in Keras", async () => {
  const { dx } = await at({ kind: "rectified", most: 6 }, [-1e-20, 0, 1e-20, 6]);
  assert.equal([...dx], [0, 0, 1, 0]);
});

test("x − tanh(x) keeps its digits near 0", async () => {
  const places = [1e-3, -0.01, 0.1, -0.24];
  const { y } = await at({ kind: "tanh_shrink" }, places);
  // By its series to x¹³, in float64.
  const wanted = places.map((place) => {
    const x = Math.fround(place);
    const s = x * x;
    const series = 1 / 3 - s * (2 / 15 - s * (17 / 315 - s * (62 / 2835 - (s * 1382) / 155925)));
    return x * s * series;
  });
  for (const [i, value] of wanted.entries()) {
    assert.ok(Math.abs((y[i] ?? Number.NaN) - value) < 2e-6 * Math.abs(value), `${y[i]}, ${value}`);
  }
});

test("limits that make no sense are refused", () => {
  const rec = new Recorder({ name: "t", capabilities: { subgroupSize: null, isSoftware: true } });
  const x = rec.allocate([2], "x");
  const wrong = () => apply(rec, curve, [x], { kind: "rectified", threshold: 2, most: 1 });
  assert.throws(wrong, "the maximum not below the threshold");
});

test.run();
