// Zero padding: every side on its own, odd extents, and the crop that is the gradient.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type ZeroPaddingAttrs, zeroPadding } from "../../src/engine/ops/zero-padding.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { EXACT } from "../support/close.ts";

const test = suite("zero-padding");

type Shape4 = readonly [n: number, h: number, w: number, c: number];
type Sides = readonly [top: number, bottom: number, left: number, right: number];

function attrs([top, bottom, left, right]: Sides): ZeroPaddingAttrs {
  const [rows, columns] = [[top, bottom] as const, [left, right] as const];
  return { padding: [rows, columns] };
}

function reference(x: Float64Array, [n, h, w, c]: Shape4, sides: Sides): Float64Array {
  const [top, bottom, left, right] = sides;
  const [oh, ow] = [top + h + bottom, left + w + right];
  const y = new Float64Array(n * oh * ow * c);
  for (let i = 0; i < n; i++)
    for (let r = 0; r < h; r++)
      for (let q = 0; q < w; q++)
        for (let k = 0; k < c; k++)
          y[((i * oh + r + top) * ow + q + left) * c + k] = x[((i * h + r) * w + q) * c + k] ?? 0;
  return y;
}

const CASES: readonly (readonly [Shape4, Sides])[] = [
  [
    [1, 1, 1, 1],
    [0, 0, 0, 0],
  ],
  [
    [1, 1, 1, 1],
    [2, 1, 3, 4],
  ],
  [
    [2, 3, 5, 1],
    [1, 0, 0, 0],
  ],
  [
    [2, 3, 5, 3],
    [0, 1, 0, 0],
  ],
  [
    [3, 4, 2, 5],
    [0, 0, 1, 0],
  ],
  [
    [3, 4, 2, 4],
    [0, 0, 0, 1],
  ],
  [
    [2, 7, 5, 3],
    [3, 3, 3, 3],
  ],
];

for (const [shape, sides] of CASES) {
  test(`(${shape}) with ${sides} at the top, bottom, left and right`, () =>
    checkOp({
      label: "zero-padding",
      inputs: { x: { shape } },
      build: (rec, { x }) => apply(rec, zeroPadding, [x], attrs(sides)),
      reference: ({ x }) => reference(x, shape, sides),
    }));
}

test("values are copied exactly", () =>
  checkOp<"x">({
    label: "copies",
    inputs: { x: { shape: [2, 28, 28, 1] } },
    gradients: [],
    tolerance: EXACT,
    build: (rec, { x }) => apply(rec, zeroPadding, [x], attrs([2, 2, 2, 2])),
    reference: ({ x }) => reference(x, [2, 28, 28, 1], [2, 2, 2, 2]),
  }));

test("what it cannot pad", () => {
  const capabilities = { subgroupSize: null, isSoftware: true };
  const rec = new Recorder({ name: "errors", capabilities });
  const [flat, image] = [rec.allocate([2, 3], "x"), rec.allocate([1, 2, 2, 1], "x")];
  const pad = (sides: Sides) => () => apply(rec, zeroPadding, [image], attrs(sides));
  assert.throws(pad([-1, 0, 0, 0]), "got ((-1, 0), (0, 0))");
  assert.throws(pad([0, 0, 0.5, 0]), "got ((0, 0), (0.5, 0))");
  assert.throws(() => apply(rec, zeroPadding, [flat], attrs([1, 1, 1, 1])), "rank 4");
});

test.run();
