// NaN, infinities, zeros, denormals and great numbers through pooling. The maximum of a window with a NaN is NaN, as Keras
// on XLA has it, and so is the gradient of each of its cells: none of them is the greatest.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { globalAveragePool2d } from "../../src/engine/ops/pool/global-average-pool2d.ts";
import { globalMaxPool2d } from "../../src/engine/ops/pool/global-max-pool2d.ts";
import { averagePool2d, maxPool2d } from "../../src/engine/ops/pool/pool2d.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { assertSame, NEGATIVE_NAN, plain, runCase, SPECIALS } from "../support/non-finite.ts";

const test = suite("non-finite pooling");

const VALUES = [...SPECIALS, NEGATIVE_NAN, -2, 0.75];

/** An image a value, which lies somewhere in its middle; images are 4 × 4 of 1, 2 or 4 channels, and positive. */
function images(channels: number) {
  const shape = [VALUES.length, 4, 4, channels] as const;
  const data = plain(shape).map(Math.abs);
  for (const [index, value] of VALUES.entries()) {
    data[(index * 16 + 5 + (index % 2)) * channels + (index % channels)] = value;
  }
  return { shape, data };
}

const MOST = (cells: readonly number[]) => Math.max(...cells);
const MEAN = (cells: readonly number[]) => cells.reduce((sum, x) => sum + x, 0) / cells.length;

interface Pooling {
  readonly pool: number;
  readonly stride: number;
  readonly padding: "same" | "valid";
}

/** Cells of each window over images of 4 × 4, as indices into x. */
function windowsOf({ pool, stride, padding }: Pooling, images: number, channels: number) {
  const out = padding === "same" ? Math.ceil(4 / stride) : Math.floor((4 - pool) / stride) + 1;
  const before = padding === "same" ? Math.floor(((out - 1) * stride + pool - 4) / 2) : 0;
  const along = (at: number) =>
    [0, 1, 2, 3].filter((cell) => {
      const from = cell + before - at * stride;
      return from >= 0 && from < pool;
    });
  return Array.from({ length: images * out * out * channels }, (_, i) => {
    const [channel, at] = [i % channels, Math.floor(i / channels)];
    const image = Math.floor(at / (out * out));
    return along(Math.floor(at / out) % out).flatMap((h) =>
      along(at % out).map((w) => ((image * 4 + h) * 4 + w) * channels + channel),
    );
  });
}

/** What of a window's gradient goes to each of its cells. */
function sharesOf(mode: "max" | "average", values: readonly number[]): readonly number[] {
  if (mode === "average") return values.map(() => 1 / values.length);
  const first = values.indexOf(MOST(values));
  return values.map((_, index) => (first < 0 ? Number.NaN : index === first ? 1 : 0));
}

async function checkPooling(mode: "max" | "average", pooling: Pooling, channels: number) {
  const { pool, stride, padding } = pooling;
  const { shape, data } = images(channels);
  const attrs = { poolSize: [pool, pool], strides: [stride, stride], padding } as const;
  const op = mode === "max" ? maxPool2d : averagePool2d;
  const windows = windowsOf(pooling, shape[0], channels);
  const run = (x: Float32Array, dy: ArrayLike<number>) =>
    runCase({
      inputs: { x: { shape, data: x } },
      build: (rec, inputs) => apply(rec, op, [inputs.x], attrs),
      dy,
    });
  const dx = new Float64Array(data.length);
  const expected = windows.map((cells) => {
    const values = cells.map((cell) => data[cell] ?? 0);
    for (const [index, share] of sharesOf(mode, values).entries()) {
      const cell = cells[index] ?? 0;
      dx[cell] = (dx[cell] ?? 0) + share;
    }
    return (mode === "max" ? MOST : MEAN)(values);
  });
  const results = await run(
    data,
    windows.map(() => 1),
  );
  assertSame(`y of ${channels}`, results["y"], expected);
  assertSame(`dx of ${channels}`, results["dx"], dx);
  // A gradient that is no number comes out in its own window, and in no other.
  const marked = await run(
    plain(shape),
    windows.map((_, i) => (i === channels ? Number.NaN : 1)),
  );
  const cells = [...(marked["dx"] ?? []).entries()].filter(([, v]) => Number.isNaN(v));
  assert.is(cells.length, mode === "max" ? 1 : windows[channels]?.length);
  assert.ok(cells.every(([cell]) => windows[channels]?.includes(cell)));
}

for (const [pool, stride, padding] of [
  [2, 2, "valid"],
  [3, 3, "same"],
  [3, 1, "valid"],
  [4, 4, "valid"],
  [2, 1, "same"],
] as const) {
  for (const mode of ["max", "average"] as const) {
    test(`${mode} pooling, ${pool} by ${stride}, ${padding}`, async () => {
      for (const channels of [1, 2, 4]) {
        await checkPooling(mode, { pool, stride, padding }, channels);
      }
    });
  }
}

test("global pooling", async () => {
  for (const channels of [1, 4]) {
    const { shape, data } = images(channels);
    const cellsOf = (i: number) =>
      Array.from(
        { length: 16 },
        (_, cell) => (Math.floor(i / channels) * 16 + cell) * channels + (i % channels),
      );
    const length = VALUES.length * channels;
    const dy = new Float64Array(length).fill(1);
    for (const [name, reduce] of [
      ["max", MOST],
      ["average", MEAN],
    ] as const) {
      const expected = Array.from({ length }, (_, i) =>
        reduce(cellsOf(i).map((cell) => data[cell] ?? 0)),
      );
      const { y, dx } = await runCase({
        inputs: { x: { shape, data } },
        build: (rec, { x }) =>
          name === "max"
            ? apply(rec, globalMaxPool2d, [x], {})
            : apply(rec, globalAveragePool2d, [x], {}),
        dy,
      });
      assertSame(`${name}: y`, y, expected);
      const slopes = Float64Array.from(data, (value, i) => {
        const most = expected[Math.floor(i / (16 * channels)) * channels + (i % channels)] ?? 0;
        if (name === "average") return 1 / 16;
        return Number.isNaN(most) ? most : value === most ? 1 : 0;
      });
      assertSame(`${name}: dx`, dx, slopes);
    }
  }
});

test.run();
