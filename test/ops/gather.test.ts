// Batches out of a data set on the device: bytes to floats, padding, order, labels and features, all exact; and images brought to
// another size, against float64 loops.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Device } from "../../src/engine/core/device.ts";
import {
  advanceClock,
  type Feed,
  gatherBatch,
  type RowSource,
} from "../../src/engine/ops/gather.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { assertClose, EXACT } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("gather");
const RESIZE = JSON.parse(
  readFileSync(new URL("../fixtures/resize.json", import.meta.url), "utf8"),
) as Record<"img" | "tf2_bilinear_4_to_6" | "tf2_bilinear_4_to_2", number[][]>;

interface Case {
  readonly shape: readonly [rows: number, h: number, w: number, c: number];
  readonly pad: number;
  readonly batch: number;
  readonly preprocessing?: "bytes";
}

const CASES: readonly Case[] = [
  { shape: [7, 28, 28, 1], pad: 2, batch: 3 },
  { shape: [5, 3, 5, 1], pad: 0, batch: 5, preprocessing: "bytes" },
  { shape: [9, 4, 3, 3], pad: 1, batch: 2 },
  { shape: [70, 2, 2, 1], pad: 0, batch: 65 },
];

for (const { shape, pad, batch, preprocessing } of CASES) {
  test(`${batch} of ${shape}, padded by ${pad}, twice`, async () => {
    const device = await gpu();
    const [rows, h, w, c] = shape;
    const images = Uint8Array.from(randomArray(rows * h * w * c, 3), (v) =>
      Math.floor((v + 1) * 128),
    );
    const labels = Uint8Array.from({ length: rows }, (_, row) => (row * 3) % 10);
    const order = Uint32Array.from({ length: 2 * batch }, (_, i) => (i * 5 + 2) % rows);
    const feed: Feed = {
      source: { kind: "images", images: device.tensor(shape, "images", images, "u8") },
      labels: device.tensor([rows], "labels", labels, "u8"),
      order: device.tensor([order.length], "order", order, "u32"),
      clock: device.tensor([2], "clock", undefined, "u32"),
    };
    const rec = new Recorder({ name: "gather", capabilities: device });
    const inputShape = [h + 2 * pad, w + 2 * pad, c];
    const { x, y } = gatherBatch(rec, feed, { batch, inputShape, preprocessing });
    advanceClock(rec, feed, batch);
    rec.keep(x);
    rec.keep(y);
    const executable = await Executable.compile(device, rec.finish());
    for (const pass of [0, 1]) {
      executable.run();
      const picked = [...order.subarray(pass * batch, (pass + 1) * batch)];
      const factor = preprocessing === "bytes" ? 1 : Math.fround(1 / 255);
      assertClose({
        label: `x of pass ${pass}`,
        shape: x.shape,
        actual: await executable.read(x),
        expected: picked.flatMap((row) => paddedRow({ images, shape, pad, factor }, row)),
        tolerance: EXACT,
      });
      assertClose({
        label: `labels of pass ${pass}`,
        shape: y.shape,
        actual: new Uint32Array(await executable.readBytes(y), 0, batch),
        expected: picked.map((row) => labels[row] ?? -1),
        tolerance: EXACT,
      });
    }
  });
}

function paddedRow(
  set: { images: Uint8Array; shape: Case["shape"]; pad: number; factor: number },
  row: number,
): number[] {
  const [, h, w, c] = set.shape;
  const values: number[] = [];
  for (let y = -set.pad; y < h + set.pad; y++)
    for (let x = -set.pad; x < w + set.pad; x++)
      for (let k = 0; k < c; k++) {
        const inside = y >= 0 && y < h && x >= 0 && x < w;
        const byte = inside ? (set.images[((row * h + y) * w + x) * c + k] ?? 0) : 0;
        values.push(Math.fround(byte * set.factor));
      }
  return values;
}

interface Resize {
  readonly shape: readonly [rows: number, h: number, w: number, c: number];
  readonly to: readonly [number, number];
  readonly preprocessing: "resized" | "resized-bytes" | "caffe" | "tf" | "torch";
  /** Channels that come out; default 3. */
  readonly channels?: number;
}

const RESIZES: readonly Resize[] = [
  { shape: [3, 28, 28, 1], to: [32, 32], preprocessing: "caffe" },
  { shape: [3, 28, 28, 1], to: [32, 32], preprocessing: "tf" },
  { shape: [2, 28, 28, 1], to: [28, 28], preprocessing: "resized" },
  { shape: [3, 9, 6, 1], to: [4, 8], preprocessing: "resized", channels: 1 },
  { shape: [3, 8, 5, 3], to: [6, 7], preprocessing: "resized" },
  { shape: [3, 8, 5, 3], to: [6, 7], preprocessing: "resized-bytes" },
  { shape: [3, 9, 6, 1], to: [4, 8], preprocessing: "tf", channels: 1 },
  { shape: [4, 5, 7, 3], to: [9, 4], preprocessing: "caffe" },
  { shape: [4, 5, 7, 3], to: [3, 11], preprocessing: "tf" },
  { shape: [2, 28, 28, 1], to: [32, 32], preprocessing: "torch" },
  { shape: [4, 5, 7, 3], to: [9, 4], preprocessing: "torch" },
];

/** What Keras's preprocess_input does to a pixel of 0…255, by channel as it comes out. */
const KERAS = {
  resized: { channel: (c: number) => c, value: (v: number) => v / 255 },
  "resized-bytes": { channel: (c: number) => c, value: (v: number) => v },
  caffe: {
    channel: (c: number) => 2 - c,
    value: (v: number, c: number) => v - ([103.939, 116.779, 123.68][c] ?? 0),
  },
  tf: { channel: (c: number) => c, value: (v: number) => v / 127.5 - 1 },
  torch: {
    channel: (c: number) => c,
    value: (v: number, c: number) =>
      (v / 255 - ([0.485, 0.456, 0.406][c] ?? 0)) / ([0.229, 0.224, 0.225][c] ?? 0),
  },
} as const;

for (const { shape, to, preprocessing, channels: outChannels = 3 } of RESIZES) {
  test(`${shape} resized to ${[...to, outChannels]} for ${preprocessing}`, async () => {
    const device = await gpu();
    const [rows, h, w, c] = shape;
    const images = Uint8Array.from(randomArray(rows * h * w * c, 5), (v) =>
      Math.floor((v + 1) * 128),
    );
    const order = Uint32Array.from({ length: rows }, (_, i) => (i + 1) % rows);
    const rec = new Recorder({ name: "resize", capabilities: device });
    const feed = feedOf(device, order, {
      kind: "images",
      images: device.tensor(shape, "images", images, "u8"),
    });
    const inputShape = [...to, outChannels];
    const { x } = gatherBatch(rec, feed, { batch: rows, inputShape, preprocessing });
    rec.keep(x);
    const executable = await Executable.compile(device, rec.finish());
    executable.run();
    const { channel, value } = KERAS[preprocessing];
    assertClose({
      label: "x",
      shape: x.shape,
      actual: await executable.read(x),
      expected: [...order].flatMap((row) => {
        const pixel = (y: number, x: number, k: number) =>
          images[((row * h + y) * w + x) * c + (c === 1 ? 0 : channel(k))] ?? Number.NaN;
        const three = resized(pixel, [h, w], to).map((v, i) => value(v, i % 3));
        return outChannels === 3 ? three : three.filter((_, i) => i % 3 === 0);
      }),
      tolerance: { absolute: 1e-4, relative: 1e-6 }, // float32 of values up to 255
    });
  });
}

test("resizing agrees with tf.image.resize", () => {
  const image = RESIZE.img;
  const pixel = (y: number, x: number) => image[y]?.[x] ?? Number.NaN;
  const red = (to: [number, number]) => resized(pixel, [4, 4], to).filter((_, i) => i % 3 === 0);
  assertClose({
    label: "4×4 to 6×6",
    shape: [6, 6],
    actual: red([6, 6]),
    expected: RESIZE.tf2_bilinear_4_to_6.flat(),
    tolerance: { absolute: 1e-5, relative: 1e-6 },
  });
  assertClose({
    label: "4×4 to 2×2",
    shape: [2, 2],
    actual: red([2, 2]),
    expected: RESIZE.tf2_bilinear_4_to_2.flat(),
    tolerance: { absolute: 1e-5, relative: 1e-6 },
  });
});

/** float64 loops: out(y, x) lies at (y + ½)·in/out − ½; three channels a pixel. */
function resized(
  pixel: (y: number, x: number, c: number) => number,
  [h, w]: readonly [number, number],
  [outHeight, outWidth]: readonly [number, number],
): number[] {
  const place = (i: number, from: number, to: number) => {
    const at = ((i + 0.5) * from) / to - 0.5;
    const low = Math.max(Math.floor(at), 0);
    return { low, high: Math.min(Math.max(Math.ceil(at), 0), from - 1), t: at - Math.floor(at) };
  };
  const values: number[] = [];
  for (let oy = 0; oy < outHeight; oy++)
    for (let ox = 0; ox < outWidth; ox++)
      for (let c = 0; c < 3; c++) {
        const [y, x] = [place(oy, h, outHeight), place(ox, w, outWidth)];
        const across = (row: number) =>
          pixel(row, x.low, c) * (1 - x.t) + pixel(row, x.high, c) * x.t;
        values.push(across(y.low) * (1 - y.t) + across(y.high) * y.t);
      }
  return values;
}

test("features in three parts come out as one, row for row", async () => {
  const device = await gpu();
  const [rows, elements] = [11, 70];
  const values = Float32Array.from(randomArray(rows * elements, 9));
  const parts = [0, 4, 8].map((first) => {
    const slice = values.slice(first * elements, Math.min(first + 4, rows) * elements);
    return device.tensor([slice.length / elements, elements], `part ${first}`, slice);
  });
  const order = Uint32Array.from([10, 0, 3, 4, 7, 8, 0]);
  const rec = new Recorder({ name: "features", capabilities: device });
  const feed = feedOf(device, order, { kind: "features", parts });
  const { x } = gatherBatch(rec, feed, { batch: order.length, inputShape: [elements] });
  rec.keep(x);
  const executable = await Executable.compile(device, rec.finish());
  executable.run();
  assertClose({
    label: "x",
    shape: x.shape,
    actual: await executable.read(x),
    expected: [...order].flatMap((row) => [
      ...values.subarray(row * elements, (row + 1) * elements),
    ]),
    tolerance: EXACT,
  });
});

for (const to of [
  [8, 9, 3],
  [6, 11, 3],
] as const) {
  const preprocessing = to[0] === 8 ? "unit" : "resized";
  test(`images in three parts come out as one, row for row: ${preprocessing}`, async () => {
    const device = await gpu();
    const [rows, h, w, c] = [11, 6, 7, 3];
    const size = h * w * c;
    const bytes = Uint8Array.from(randomArray(rows * size, 3), (v) => Math.floor((v + 1) * 128));
    const tensorOf = (first: number, end: number) => {
      const part = bytes.slice(first * size, end * size);
      return device.tensor([end - first, h, w, c], `images ${first}`, part, "u8");
    };
    const order = Uint32Array.from([10, 0, 3, 4, 7, 8, 0]);
    const gathered = async (source: RowSource) => {
      const rec = new Recorder({ name: "parts", capabilities: device });
      const request = { batch: order.length, inputShape: to, preprocessing } as const;
      const { x } = gatherBatch(rec, feedOf(device, order, source), request);
      rec.keep(x);
      const executable = await Executable.compile(device, rec.finish());
      executable.run();
      return executable.read(x);
    };
    const whole = await gathered({ kind: "images", images: tensorOf(0, rows) });
    const more = [tensorOf(4, 8), tensorOf(8, rows)];
    const parts = await gathered({ kind: "images", images: tensorOf(0, 4), more });
    assert.equal([...parts], [...whole]);
    assert.ok(whole.some((value) => value > 0));
  });
}

test("images that cannot be centred, or have two channels, are refused", async () => {
  const device = await gpu();
  const rec = new Recorder({ name: "refused", capabilities: device });
  const images = device.tensor([2, 5, 5, 2], "images", new Uint8Array(100), "u8");
  const feed = feedOf(device, new Uint32Array(2), { kind: "images", images });
  const of = (inputShape: number[], preprocessing?: "tf") => () =>
    gatherBatch(rec, feed, { batch: 2, inputShape, preprocessing });
  assert.throws(of([8, 8, 2]), /gather: images are centred in equal borders, got \(5, 5, 2\)/);
  assert.throws(of([8, 8, 3], "tf"), /gather: images of 1 or 3 channels are resized to 3/);
});

function feedOf(device: Device, order: Uint32Array<ArrayBuffer>, source: RowSource): Feed {
  return {
    source,
    labels: device.tensor([16], "labels", new Uint8Array(16), "u8"),
    order: device.tensor([order.length], "order", order, "u32"),
    clock: device.tensor([2], "clock", undefined, "u32"),
  };
}

test.run();
