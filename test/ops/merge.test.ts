// Subtract, multiply, maximum, minimum; joining along every axis; lines and standardisation by channel.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";
import { type AffineAttrs, affine } from "../../src/engine/ops/affine.ts";
import { concatenate } from "../../src/engine/ops/concatenate.ts";
import { MERGES, type MergeKind, merge } from "../../src/engine/ops/merge.ts";
import { standardise } from "../../src/engine/ops/standardise.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { runOp } from "../support/run-op.ts";

const test = suite("merge");

const FUNCTIONS: Readonly<Record<MergeKind, (a: number, b: number) => number>> = {
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  maximum: Math.max,
  minimum: Math.min,
};

for (const kind of MERGES) {
  for (const shape of [[1], [3, 5], [2, 3, 4, 5]]) {
    test(`${kind} over ${shape}`, () =>
      checkOp({
        label: kind,
        inputs: { a: { shape }, b: { shape } },
        build: (rec, { a, b }) => apply(rec, merge, [a, b], { kind }),
        reference: ({ a, b }) => a.map((value, i) => FUNCTIONS[kind](value, b[i] ?? 0)),
      }));
  }
}

test("of two equal elements the first gets the gradient", async () => {
  const data = [1, 1, 2];
  const { da, db } = await runOp({
    inputs: { a: { shape: [3], data }, b: { shape: [3], data: [1, 2, 1] } },
    build: (rec, input) => apply(rec, merge, [input("a"), input("b")], { kind: "maximum" }),
    dy: [5, 6, 7],
  });
  assert.equal([...(da ?? [])], [5, 0, 7]);
  assert.equal([...(db ?? [])], [0, 6, 0]);
});

interface Joined {
  readonly a: Shape;
  readonly b: Shape;
  readonly axis: number;
}

function joined({ a, b, axis }: Joined, x: Float64Array, y: Float64Array): Float64Array {
  const at = axis < 0 ? a.length + axis : axis;
  const [inner, outer] = [sizeOf(a.slice(at + 1)), sizeOf(a.slice(0, at))];
  const [extentA = 1, extentB = 1] = [a[at], b[at]];
  const result: number[] = [];
  for (let row = 0; row < outer; row++) {
    for (let i = 0; i < extentA * inner; i++) result.push(x[row * extentA * inner + i] ?? 0);
    for (let i = 0; i < extentB * inner; i++) result.push(y[row * extentB * inner + i] ?? 0);
  }
  return Float64Array.from(result);
}

const JOINED: readonly Joined[] = [
  { a: [2, 3], b: [2, 5], axis: -1 },
  { a: [2, 3, 4, 1], b: [2, 3, 4, 6], axis: 3 },
  { a: [2, 3, 4, 5], b: [2, 1, 4, 5], axis: 1 },
  { a: [2, 3, 4, 5], b: [2, 3, 2, 5], axis: -2 },
];

for (const example of JOINED) {
  test(`(${example.a}) and (${example.b}) along ${example.axis}`, () =>
    checkOp({
      label: "concatenate",
      inputs: { a: { shape: example.a }, b: { shape: example.b } },
      build: (rec, { a, b }) => apply(rec, concatenate, [a, b], { axis: example.axis }),
      reference: ({ a, b }) => joined(example, a, b),
    }));
}

const LINES: readonly (readonly [Shape, AffineAttrs])[] = [
  [[7], { scale: 1 / 255 }],
  [[2, 3, 3], { scale: 2, offset: -1 }],
  [[2, 3, 2, 3], { centre: [0.4, 0.5, 0.6], scale: [2, 3, 4] }],
  [[2, 3, 2, 4], { offset: [1, 2, 3, 4] }],
];

for (const [shape, attrs] of LINES) {
  test(`a line over (${shape}) with ${JSON.stringify(attrs)}`, () => {
    const at = (values: number | readonly number[] = 0, i = 0) =>
      typeof values === "number" ? values : (values[i % values.length] ?? 0);
    const { centre, scale = 1, offset } = attrs;
    return checkOp({
      label: "affine",
      inputs: { x: { shape } },
      build: (rec, { x }) => apply(rec, affine, [x], attrs),
      reference: ({ x }) => x.map((v, i) => (v - at(centre, i)) * at(scale, i) + at(offset, i)),
    });
  });
}

for (const isInverted of [false, true]) {
  test(isInverted ? "standardised, inverted" : "standardised", () =>
    checkOp<"x" | "mean" | "variance">({
      label: "standardise",
      inputs: {
        x: { shape: [2, 3, 5] },
        mean: { shape: [5] },
        variance: { shape: [5], values: [0.5, 1, 2, 4, 0.01] },
      },
      gradients: ["x"],
      build: (rec, i) => apply(rec, standardise, [i.x, i.mean, i.variance], { isInverted }),
      reference: ({ x, mean, variance }) =>
        x.map((v, i) => {
          const [m, deviation] = [mean[i % 5] ?? 0, Math.sqrt(variance[i % 5] ?? 0)];
          return isInverted ? m + v * deviation : (v - m) / deviation;
        }),
    }),
  );
}

test("shapes that do not go together", () => {
  const rec = new Recorder({ name: "t", capabilities: { subgroupSize: null, isSoftware: true } });
  const [a, b] = [rec.allocate([2, 3], "a"), rec.allocate([2, 4], "b")];
  assert.throws(() => apply(rec, merge, [a, b], { kind: "multiply" }), "got (2, 3) and (2, 4)");
  assert.throws(() => apply(rec, concatenate, [a, b], { axis: 0 }), "along 0");
  assert.throws(() => apply(rec, affine, [a], { scale: [1, 2] }), "got 2 for x (2, 3)");
  assert.throws(() => apply(rec, standardise, [a, b, b], { isInverted: false }), "mean (2, 4)");
});

test.run();
