// Convolutions with groups and dilation, depthwise ones, transposed ones, and the bias that they take.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";
import type { Padding } from "../../src/engine/core/window.ts";
import { windowGeometry } from "../../src/engine/core/window.ts";
import { biasAdd } from "../../src/engine/ops/bias-add.ts";
import { type GroupedConv2dAttrs, groupedConv2d } from "../../src/engine/ops/conv2d/grouped.ts";
import {
  groupedDw,
  groupedDx,
  groupedForward,
} from "../../src/engine/ops/conv2d/grouped-ladders.ts";
import { transposedConv2d } from "../../src/engine/ops/conv2d/transpose.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";

const test = suite("grouped-conv2d");

type Shape4 = readonly [number, number, number, number];
type Visit = (x: number, w: number, y: number) => void;

/** Every product of the sum, by the places of its factors and of the result. */
function products(x: Shape4, w: Shape4, attrs: GroupedConv2dAttrs, visit: Visit): Shape {
  const [n, h, width, i] = x;
  const [kh, kw, ofGroup, o] = w;
  const { strides, dilation, groups, padding } = attrs;
  const at = (axis: 0 | 1, size: number, kernel: number) =>
    windowGeometry(size, (kernel - 1) * dilation[axis] + 1, strides[axis], padding, "test");
  const [rows, columns] = [at(0, h, kh), at(1, width, kw)];
  const out = [n, rows.out, columns.out, o] as const;
  for (let y = 0; y < sizeOf(out); y++) {
    const filter = y % o;
    const ow = Math.floor(y / o) % columns.out;
    const oh = Math.floor(y / o / columns.out) % rows.out;
    const image = Math.floor(y / o / columns.out / rows.out);
    for (let tap = 0; tap < kh * kw * ofGroup; tap++) {
      const c = tap % ofGroup;
      const column =
        ow * strides[1] + (Math.floor(tap / ofGroup) % kw) * dilation[1] - columns.before;
      const row = oh * strides[0] + Math.floor(tap / ofGroup / kw) * dilation[0] - rows.before;
      if (row < 0 || row >= h || column < 0 || column >= width) continue;
      const channel = Math.floor(filter / (o / groups)) * ofGroup + c;
      visit(((image * h + row) * width + column) * i + channel, tap * o + filter, y);
    }
  }
  return out;
}

interface Case {
  readonly x: Shape4;
  readonly w: Shape4;
  readonly strides?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly groups?: number;
  /** Default: the order's. */
  readonly rung?: string;
}

const LADDERS = [groupedForward, groupedDx, groupedDw].map(({ name }) => name);

const CASES: readonly Case[] = [
  { x: [1, 3, 3, 1], w: [3, 3, 1, 1] },
  { x: [2, 7, 8, 3], w: [3, 2, 3, 4], dilation: [2, 3] },
  { x: [2, 6, 5, 4], w: [3, 3, 2, 6], groups: 2 },
  { x: [2, 6, 7, 3], w: [3, 3, 1, 3], groups: 3, strides: [2, 2] },
  { x: [3, 7, 6, 3], w: [3, 2, 1, 6], groups: 3, strides: [1, 2] },
  { x: [2, 9, 7, 2], w: [3, 2, 1, 2], groups: 2, strides: [2, 1], dilation: [1, 2] },
  // Channels by themselves and in fours, which have kernels of their own: rows that end within a tile, all strides.
  { x: [2, 6, 9, 4], w: [3, 3, 1, 4], groups: 4 },
  { x: [2, 7, 6, 8], w: [3, 3, 1, 8], groups: 8, strides: [2, 2] },
  { x: [3, 5, 11, 4], w: [5, 2, 1, 4], groups: 4, strides: [1, 3] },
  { x: [1, 9, 8, 4], w: [1, 7, 1, 4], groups: 4, strides: [3, 1] },
  { x: [1, 3, 2, 12], w: [2, 2, 1, 12], groups: 12 },
  // More rows than a stretch has.
  { x: [1, 19, 4, 4], w: [3, 3, 1, 4], groups: 4 },
  // By the order, maps of this size would have the other rung.
  { x: [3, 3, 2, 8], w: [3, 2, 1, 8], groups: 8, rung: "sliding" },
  { x: [2, 5, 6, 4], w: [3, 2, 1, 4], groups: 4, strides: [2, 1], rung: "columns" },
];

const ONE = [1, 1] as const;

for (const { x, w, strides = ONE, dilation = ONE, groups = 1, rung } of CASES) {
  for (const padding of ["valid", "same"] as const) {
    const attrs = { strides, dilation, groups, padding };
    const by = rung === undefined ? "" : `, ${rung}`;
    test(`(${x}) with (${w}), ${JSON.stringify(attrs)}${by}`, () =>
      checkOp({
        label: "grouped-conv2d",
        inputs: { x: { shape: x }, w: { shape: w } },
        sumLength: sizeOf(w.slice(0, 3)),
        rungs: rung === undefined ? {} : Object.fromEntries(LADDERS.map((name) => [name, rung])),
        build: (rec, inputs) => apply(rec, groupedConv2d, [inputs.x, inputs.w], attrs),
        reference: (values) => {
          const out = products(x, w, attrs, () => undefined);
          const y = new Float64Array(sizeOf(out));
          products(x, w, attrs, (a, b, to) => {
            y[to] = (y[to] ?? 0) + (values.x[a] ?? 0) * (values.w[b] ?? 0);
          });
          return y;
        },
      }));
  }
}

interface Transposed {
  readonly x: Shape4;
  readonly kernel: Shape4;
  readonly strides: readonly [number, number];
  readonly padding: Padding;
  /** Rows and columns of the result. */
  readonly size: readonly [number, number];
}

const TRANSPOSED: readonly Transposed[] = [
  { x: [1, 3, 3, 1], kernel: [3, 3, 1, 1], strides: [1, 1], padding: "valid", size: [5, 5] },
  { x: [2, 3, 4, 3], kernel: [3, 3, 2, 3], strides: [2, 2], padding: "same", size: [6, 8] },
  { x: [2, 3, 4, 3], kernel: [4, 2, 2, 3], strides: [2, 2], padding: "valid", size: [8, 8] },
  { x: [2, 3, 2, 2], kernel: [2, 1, 3, 2], strides: [3, 2], padding: "valid", size: [9, 4] },
  { x: [1, 2, 3, 2], kernel: [5, 4, 3, 2], strides: [2, 1], padding: "same", size: [4, 3] },
];

for (const { x, kernel, strides, padding, size } of TRANSPOSED) {
  test(`transposed (${x}) with (${kernel}), strides ${strides}, ${padding}`, () =>
    checkOp({
      label: "transposed-conv2d",
      inputs: { x: { shape: x }, kernel: { shape: kernel } },
      sumLength: sizeOf(kernel),
      build: (rec, inputs) => {
        const y = apply(rec, transposedConv2d, [inputs.x, inputs.kernel], { strides, padding });
        assert.equal(y.shape, [x[0], ...size, kernel[2]]);
        return y;
      },
      reference: (values) => {
        const y = new Float64Array(x[0] * size[0] * size[1] * kernel[2]);
        const attrs = { strides, padding, dilation: [1, 1], groups: 1 } as const;
        const back = [x[0], ...size, kernel[2]] as const;
        products(back, kernel, attrs, (to, k, from) => {
          y[to] = (y[to] ?? 0) + (values.kernel[k] ?? 0) * (values.x[from] ?? 0);
        });
        return y;
      },
    }));
}

/** A result that is larger or smaller than by the rule: its size, and where its first row and column lie in the sum. */
interface Padded {
  readonly padding: "valid" | "same";
  readonly x: Shape4;
  readonly k: Two;
  readonly strides: Two;
  readonly more: Two;
  readonly size: Two;
  readonly first: Two;
}

type Two = readonly [number, number];

const PADDED: readonly Padded[] = [
  {
    ...{ padding: "valid", x: [2, 2, 3, 3], k: [2, 3], strides: [3, 2] },
    ...{ more: [2, 0], size: [7, 7], first: [0, 0] },
  },
  {
    ...{ padding: "valid", x: [1, 3, 2, 2], k: [2, 2], strides: [3, 3] },
    ...{ more: [0, 1], size: [8, 6], first: [0, 0] },
  },
  {
    ...{ padding: "same", x: [2, 2, 3, 2], k: [3, 5], strides: [2, 2] },
    ...{ more: [1, 0], size: [4, 5], first: [0, 2] },
  },
  {
    ...{ padding: "same", x: [1, 2, 3, 2], k: [4, 4], strides: [3, 3] },
    ...{ more: [1, 2], size: [4, 8], first: [1, 1] },
  },
];

for (const { padding, x, k, strides, more, size, first } of PADDED) {
  const [top, left] = first;
  test(`transposed ${padding} ${k} by ${strides} with ${more} more`, () => {
    const filters = 2;
    const kernel = [...k, filters, x[3]];
    const [n, ih, iw, channels] = x;
    return checkOp({
      label: "transposed-conv2d",
      inputs: { x: { shape: x }, kernel: { shape: kernel } },
      sumLength: sizeOf(kernel),
      build: (rec, inputs) => {
        const attrs = { strides, padding, outputPadding: more };
        const y = apply(rec, transposedConv2d, [inputs.x, inputs.kernel], attrs);
        assert.equal(y.shape, [n, ...size, filters]);
        return y;
      },
      reference: (values) => {
        const y = new Float64Array(n * size[0] * size[1] * filters);
        for (const [from, value] of values.x.entries()) {
          const c = from % channels;
          const column = Math.floor(from / channels) % iw;
          const row = Math.floor(from / channels / iw) % ih;
          const image = Math.floor(from / channels / iw / ih);
          for (let tap = 0; tap < k[0] * k[1] * filters; tap++) {
            const h = row * strides[0] + Math.floor(tap / filters / k[1]) - top;
            const w = column * strides[1] + (Math.floor(tap / filters) % k[1]) - left;
            if (h < 0 || h >= size[0] || w < 0 || w >= size[1]) continue;
            const to = ((image * size[0] + h) * size[1] + w) * filters + (tap % filters);
            y[to] = (y[to] ?? 0) + value * (values.kernel[tap * channels + c] ?? 0);
          }
        }
        return y;
      },
    });
  });
}

test("which rung takes what", () => {
  const chosen = (
    x: Shape4,
    w: Shape4,
    { strides = ONE, dilation = ONE, groups = x[3] }: Omit<Partial<Case>, "x" | "w"> = {},
  ) => {
    const rec = new Recorder({ name: "t", capabilities: { subgroupSize: 8, isSoftware: true } });
    const inputs = [rec.allocate(x, "x"), rec.allocate(w, "w")] as const;
    const attrs = { strides, dilation, groups, padding: "same" } as const;
    rec.keep(apply(rec, groupedConv2d, inputs, attrs));
    return rec.finish().solutions.map(({ rung }) => rung);
  };
  assert.equal(chosen([2, 8, 8, 8], [3, 3, 1, 8]), ["sliding"]);
  assert.equal(chosen([2, 8, 8, 8], [3, 3, 1, 8], { strides: [2, 2] }), ["sliding"]);
  assert.equal(chosen([2, 8, 8, 8], [3, 3, 1, 8], { strides: [3, 1] }), ["columns"]);
  assert.equal(chosen([2, 2, 8, 8], [3, 3, 1, 8]), ["columns"]);
  assert.equal(chosen([2, 4, 4, 8], [3, 3, 1, 8]), ["columns"]); // two tiles of three, a third of them empty
  assert.equal(chosen([2, 8, 8, 8], [3, 3, 1, 16]), ["naive"]);
  assert.equal(chosen([2, 8, 8, 6], [3, 3, 1, 6]), ["naive"]);
  assert.equal(chosen([2, 8, 8, 8], [3, 3, 1, 8], { dilation: [2, 1] }), ["naive"]);
  assert.equal(chosen([2, 8, 8, 8], [9, 3, 1, 8]), ["naive"]);
  assert.equal(chosen([2, 8, 8, 8], [3, 3, 2, 8], { groups: 4 }), ["naive"]);
});

test("bias", () =>
  checkOp({
    label: "bias-add",
    inputs: { x: { shape: [3, 5, 7] }, b: { shape: [7] } },
    build: (rec, { x, b }) => apply(rec, biasAdd, [x, b], {}),
    reference: ({ x, b }) => x.map((value, i) => value + (b[i % 7] ?? 0)),
  }));

test("channels that cannot be shared out", () => {
  const rec = new Recorder({ name: "t", capabilities: { subgroupSize: null, isSoftware: true } });
  const [x, w] = [rec.allocate([1, 4, 4, 3], "x"), rec.allocate([3, 3, 2, 4], "w")];
  const attrs = { strides: [1, 1], dilation: [1, 1], padding: "same" } as const;
  assert.throws(() => apply(rec, groupedConv2d, [x, w], { ...attrs, groups: 2 }), "2 groups");
  const transposed = () => apply(rec, transposedConv2d, [x, w], attrs);
  assert.throws(transposed, "input has 3 channels but the filter expects 4");
});

test.run();
