// Crops, flips, transpositions and repetitions; resizing up and down; gradients of both.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";
import { INTERPOLATIONS, type ResizeAttrs, resize } from "../../src/engine/ops/resize.ts";
import { type ViewAxis, view } from "../../src/engine/ops/view.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";

const test = suite("view");

/** from, start, stride, extent */
type Axis = readonly [number, number, number, number];

const axesOf = (axes: readonly Axis[]): readonly ViewAxis[] =>
  axes.map(([from, start, stride, extent]) => ({ from, start, stride, extent }));

function viewed(x: Float64Array, shape: Shape, axes: readonly Axis[]): Float64Array {
  const out = axes.map(([, , , extent]) => extent);
  return Float64Array.from({ length: sizeOf(out) }, (_, flat) => {
    let rest = flat;
    let at = 0;
    for (const [k, [from, start, stride]] of [...axes.entries()].reverse()) {
      const i = rest % (out[k] ?? 1);
      rest = Math.floor(rest / (out[k] ?? 1));
      at += (start + i * stride) * sizeOf(shape.slice(from + 1));
    }
    return x[at] ?? Number.NaN;
  });
}

const VIEWS: readonly (readonly [string, Shape, readonly Axis[]])[] = [
  [
    "crop",
    [2, 5, 6, 3],
    [
      [0, 0, 1, 2],
      [1, 1, 1, 3],
      [2, 2, 1, 3],
      [3, 0, 1, 3],
    ],
  ],
  [
    "flip of channels",
    [2, 2, 3, 3],
    [
      [0, 0, 1, 2],
      [1, 0, 1, 2],
      [2, 0, 1, 3],
      [3, 2, -1, 3],
    ],
  ],
  [
    "steps back",
    [1, 7, 5, 1],
    [
      [0, 0, 1, 1],
      [1, 6, -2, 4],
      [2, 1, 3, 2],
      [3, 0, 1, 1],
    ],
  ],
  [
    "permutation",
    [2, 3, 4, 5],
    [
      [0, 0, 1, 2],
      [3, 0, 1, 5],
      [1, 0, 1, 3],
      [2, 0, 1, 4],
    ],
  ],
  [
    "grey to RGB",
    [2, 3, 4, 1],
    [
      [0, 0, 1, 2],
      [1, 0, 1, 3],
      [2, 0, 1, 4],
      [3, 0, 0, 3],
    ],
  ],
  [
    "one channel repeated",
    [2, 3, 3],
    [
      [0, 0, 1, 2],
      [2, 1, 0, 2],
      [1, 0, 1, 3],
    ],
  ],
];

for (const [label, shape, axes] of VIEWS) {
  test(label, () =>
    checkOp({
      label,
      inputs: { x: { shape } },
      build: (rec, { x }) => apply(rec, view, [x], { axes: axesOf(axes) }),
      reference: ({ x }) => viewed(x, shape, axes),
    }),
  );
}

/** Rows of y as weighted rows of x: pairs of place and share. */
function taps(place: number, extent: number, out: number, attrs: ResizeAttrs) {
  const half = attrs.fromCorners ? 0 : 0.5;
  const found = ((place + half) * extent) / out;
  if (attrs.interpolation === "nearest")
    return [[Math.min(extent - 1, Math.floor(found)), 1]] as const;
  const below = Math.floor(found - half);
  const share = found - half - below;
  const edge = (at: number) => Math.min(extent - 1, Math.max(0, at));
  return [
    [edge(below), 1 - share],
    [edge(below + 1), share],
  ] as const;
}

function resized(x: Float64Array, [n = 1, h = 1, w = 1, c = 1]: Shape, attrs: ResizeAttrs) {
  const [oh, ow] = attrs.size;
  const y = new Float64Array(n * oh * ow * c);
  for (let i = 0; i < y.length; i++) {
    const pixel = Math.floor(i / c);
    const row = Math.floor(pixel / ow);
    for (const [r, down] of taps(row % oh, h, oh, attrs))
      for (const [q, across] of taps(pixel % ow, w, ow, attrs))
        y[i] =
          (y[i] ?? 0) +
          down * across * (x[((Math.floor(row / oh) * h + r) * w + q) * c + (i % c)] ?? 0);
  }
  return y;
}

const SIZES: readonly (readonly [Shape, readonly [number, number]])[] = [
  [
    [1, 1, 1, 1],
    [3, 2],
  ],
  [
    [2, 4, 3, 2],
    [8, 9],
  ],
  [
    [2, 7, 5, 3],
    [3, 2],
  ],
  [
    [1, 14, 14, 1],
    [16, 16],
  ],
  [
    [1, 16, 9, 1],
    [5, 20],
  ],
];

for (const interpolation of INTERPOLATIONS) {
  for (const [shape, size] of SIZES) {
    for (const fromCorners of [false, true]) {
      const attrs = { size, interpolation, fromCorners };
      const places = fromCorners ? "corners" : "middles";
      test(`${interpolation} from (${shape}) to ${size} by ${places}`, () =>
        checkOp({
          label: "resize",
          inputs: { x: { shape } },
          build: (rec, { x }) => apply(rec, resize, [x], attrs),
          reference: ({ x }) => resized(x, shape, attrs),
        }));
    }
  }
}

test("places outside, and sizes that are none", () => {
  const rec = new Recorder({ name: "t", capabilities: { subgroupSize: null, isSoftware: true } });
  const x = rec.allocate([2, 3], "x");
  const take = (...axes: Axis[]) => apply(rec, view, [x], { axes: axesOf(axes) });
  assert.throws(() => take([0, 0, 1, 2], [1, 1, 1, 3]), "got (2, 3) and");
  assert.throws(() => take([0, 0, 1, 2], [0, 0, 1, 2]), "got (2, 3) and");
  const image = rec.allocate([1, 2, 2, 1], "x");
  const attrs = { size: [0, 2], interpolation: "nearest" } as const;
  assert.throws(() => apply(rec, resize, [image], attrs), "got 0,2");
});

test.run();
