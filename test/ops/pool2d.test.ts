// Max and average pooling against loops, against vectors of Keras's rules, and on the inputs that have no gradient in
// the books: ties, NaN, and windows that are all −∞.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Shape } from "../../src/engine/core/shape.ts";
import { sizeOf } from "../../src/engine/core/shape.ts";
import { windowGeometry } from "../../src/engine/core/window.ts";
import { averagePool2d, maxPool2d, type Pool2dAttrs } from "../../src/engine/ops/pool/pool2d.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { assertClose, EXACT, f32 } from "../support/close.ts";
import { randomArray } from "../support/random.ts";
import { nested, runOp } from "../support/run-op.ts";

const test = suite("pool2d");
const ops = { max: maxPool2d, average: averagePool2d };

interface PoolCase {
  readonly shape: readonly [number, number, number, number];
  readonly attrs: Pool2dAttrs;
}

/** The cells of every window that are not padding, as indices into x, in row-major order; one entry an output. */
function windowsOf({ shape: [n, h, w, c], attrs }: PoolCase): number[][] {
  const [kh, kw] = attrs.poolSize;
  const [sh, sw] = attrs.strides;
  const rows = windowGeometry(h, kh, sh, attrs.padding, "test");
  const columns = windowGeometry(w, kw, sw, attrs.padding, "test");
  const windows: number[][] = [];
  for (let i = 0; i < n * rows.out * columns.out * c; i++) {
    const [channel, ow] = [i % c, Math.floor(i / c) % columns.out];
    const oh = Math.floor(i / (c * columns.out)) % rows.out;
    const image = Math.floor(i / (c * columns.out * rows.out));
    const cells: number[] = [];
    for (let y = oh * sh - rows.before; y < oh * sh - rows.before + kh; y++) {
      for (let x = ow * sw - columns.before; x < ow * sw - columns.before + kw; x++) {
        if (y >= 0 && y < h && x >= 0 && x < w) cells.push(((image * h + y) * w + x) * c + channel);
      }
    }
    windows.push(cells);
  }
  return windows;
}

/** Numbers that differ by far more than the step of central differences. */
function distinct(shape: Shape): Float64Array {
  const order = [...randomArray(sizeOf(shape), 3)].map((value, i) => [value, i] as const);
  const values = new Float64Array(order.length);
  for (const [rank, [, i]] of order.sort((a, b) => a[0] - b[0]).entries()) {
    values[i] = (rank - order.length / 2) / 16;
  }
  return values;
}

const cases: readonly PoolCase[] = [
  { shape: [2, 4, 6, 6], attrs: { poolSize: [2, 2], strides: [2, 2], padding: "valid" } },
  { shape: [2, 5, 7, 8], attrs: { poolSize: [2, 2], strides: [2, 2], padding: "valid" } },
  { shape: [1, 5, 7, 3], attrs: { poolSize: [2, 3], strides: [2, 3], padding: "same" } },
  { shape: [2, 4, 4, 1], attrs: { poolSize: [3, 3], strides: [3, 3], padding: "same" } },
  { shape: [2, 7, 6, 4], attrs: { poolSize: [3, 3], strides: [2, 2], padding: "same" } },
  { shape: [1, 7, 9, 2], attrs: { poolSize: [3, 2], strides: [1, 2], padding: "valid" } },
  { shape: [1, 9, 8, 5], attrs: { poolSize: [2, 1], strides: [3, 4], padding: "valid" } },
  { shape: [1, 6, 5, 4], attrs: { poolSize: [5, 5], strides: [1, 1], padding: "same" } },
  { shape: [3, 3, 4, 3], attrs: { poolSize: [3, 4], strides: [3, 4], padding: "valid" } },
];

for (const poolCase of cases) {
  const { shape, attrs } = poolCase;
  const { poolSize, strides, padding } = attrs;
  const windows = windowsOf(poolCase);
  const at = (x: Float64Array, i: number) => x[i] ?? Number.NaN;
  for (const mode of ["max", "average"] as const) {
    test(`${mode} ${poolSize} / ${strides} ${padding} over ${shape}`, () =>
      checkOp({
        label: mode,
        inputs: { x: { shape, values: distinct(shape) } },
        build: (rec, { x }) => apply(rec, ops[mode], [x], attrs),
        reference: ({ x }) =>
          Float64Array.from(windows, (cells) =>
            mode === "max"
              ? Math.max(...cells.map((i) => at(x, i)))
              : cells.reduce((sum, i) => sum + at(x, i), 0) / cells.length,
          ),
        sumLength: poolSize[0] * poolSize[1],
      }));
  }
}

const vectors = JSON.parse(
  readFileSync(new URL("../fixtures/pooling.json", import.meta.url), "utf8"),
);

for (const [index, vector] of vectors.entries()) {
  const { pool, strides, padding } = vector;
  test(`vector ${index}: ${pool} / ${strides} ${padding}`, async () => {
    const x = nested(vector.x);
    const attrs: Pool2dAttrs = { poolSize: [pool, pool], strides: [strides, strides], padding };
    const expected = {
      max: [nested(vector.max), nested(vector.dx_max_first_argmax)],
      average: [nested(vector.avg), nested(vector.dx_avg)],
    } as const;
    for (const mode of ["max", "average"] as const) {
      const run = await runOp({
        inputs: { x },
        build: (rec, input) => apply(rec, ops[mode], [input("x")], attrs),
        dy: nested(vector.dy).data,
      });
      const [y, dx] = expected[mode];
      const tolerance = f32(pool * pool);
      assertClose({
        label: `${mode} y`,
        shape: y.shape,
        actual: run["y"] ?? [],
        expected: y.data,
        tolerance,
      });
      assertClose({
        label: `${mode} dx`,
        shape: x.shape,
        actual: run["dx"] ?? [],
        expected: dx.data,
        tolerance,
      });
    }
  });
}

const pairs: Pool2dAttrs = { poolSize: [2, 2], strides: [2, 2], padding: "valid" };

async function maxOf(x: readonly number[], attrs = pairs, shape: Shape = [1, 2, 2, 1]) {
  const run = await runOp({
    inputs: { x: { shape, data: x } },
    build: (rec, input) => apply(rec, maxPool2d, [input("x")], attrs),
    dy: randomArray(64, 1)
      .fill(1)
      .subarray(0, sizeOf(maxPool2d.infer([shape], attrs))),
  });
  return { y: [...(run["y"] ?? [])], dx: [...(run["dx"] ?? [])] };
}

for (const isSoftware of [true, false]) {
  test(`strips of rows, recorded for ${isSoftware ? "software" : "hardware"}`, async () => {
    const shape = [3, 31, 28, 6] as const;
    for (const [stride, pool] of [
      [2, 2],
      [1, 2],
    ] as const) {
      const attrs = { poolSize: [pool, pool], strides: [stride, stride], padding: "same" } as const;
      const windows = windowsOf({ shape, attrs });
      const x = { shape, data: distinct(shape) };
      const dy = Float64Array.from(windows, (_, i) => (i % 17) - 8);
      const run = await runOp({
        inputs: { x },
        build: (rec, input) => apply(rec, maxPool2d, [input("x")], attrs),
        dy,
        capabilities: { isSoftware, subgroupSize: null },
      });
      const y = new Float64Array(windows.length);
      const dx = new Float64Array(x.data.length);
      for (const [i, cells] of windows.entries()) {
        const first = cells.reduce((a, b) => ((x.data[b] ?? 0) > (x.data[a] ?? 0) ? b : a));
        y[i] = x.data[first] ?? 0;
        dx[first] = (dx[first] ?? 0) + (dy[i] ?? 0);
      }
      const tolerance = EXACT;
      assertClose({
        label: "y",
        shape: [y.length],
        actual: run["y"] ?? [],
        expected: y,
        tolerance,
      });
      assertClose({ label: "dx", shape, actual: run["dx"] ?? [], expected: dx, tolerance });
    }
  });
}

test("the first of equal maxima gets the gradient", async () => {
  assert.equal(await maxOf([1, 2, 2, 2]), { y: [2], dx: [0, 1, 0, 0] });
  assert.equal(await maxOf([0, 0, 0, 0]), { y: [0], dx: [1, 0, 0, 0] });
  const overlapping: Pool2dAttrs = { poolSize: [2, 2], strides: [1, 1], padding: "same" };
  assert.equal(await maxOf([5, 5, 5, 5], overlapping), { y: [5, 5, 5, 5], dx: [1, 1, 1, 1] });
});

test("a NaN comes out of its window, wherever it lies in it, and out of no other", async () => {
  for (let place = 0; place < 4; place++) {
    const x = [1, Number.POSITIVE_INFINITY, -3, 0];
    x[place] = Number.NaN;
    assert.ok(Number.isNaN((await maxOf(x)).y[0]), `place ${place}`);
  }
  const { y } = await maxOf([1, 2, 7, Number.NaN, 3, 4, 8, 9], pairs, [1, 2, 4, 1]);
  assert.is(y[0], 4);
  assert.ok(Number.isNaN(y[1]));
});

test("a window of −∞ has the maximum −∞, and padding never wins", async () => {
  const low = Number.NEGATIVE_INFINITY;
  assert.equal(await maxOf([low, low, low, low]), { y: [low], dx: [1, 0, 0, 0] });
  const padded: Pool2dAttrs = { poolSize: [3, 3], strides: [3, 3], padding: "same" };
  const run = await maxOf([-4, -2, -3, -5], padded);
  assert.equal(run, { y: [-2], dx: [0, 1, 0, 0] });
});

test("a window that does not fit is named", () => {
  assert.throws(
    () => maxPool2d.infer([[1, 1, 4, 3]], pairs),
    /max-pool2d height: a window .* 2 over 1/,
  );
  assert.throws(
    () => averagePool2d.infer([[4, 3]], pairs),
    /average-pool2d: takes a tensor of rank 4/,
  );
});

test.run();
