// Batches out of a data set on the device: bytes to floats, padding, order and labels, all exact.

import { suite } from "uvu";
import { advanceClock, type Feed, gatherBatch } from "../../src/engine/ops/gather.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { assertClose, EXACT } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("gather");

interface Case {
  readonly shape: readonly [rows: number, h: number, w: number, c: number];
  readonly pad: number;
  readonly batch: number;
  readonly scale?: number;
}

const CASES: readonly Case[] = [
  { shape: [7, 28, 28, 1], pad: 2, batch: 3 },
  { shape: [5, 3, 5, 1], pad: 0, batch: 5, scale: 1 },
  { shape: [9, 4, 3, 3], pad: 1, batch: 2 },
  { shape: [70, 2, 2, 1], pad: 0, batch: 65 },
];

for (const { shape, pad, batch, scale } of CASES) {
  test(`${batch} of ${shape}, padded by ${pad}, twice`, async () => {
    const device = await gpu();
    const [rows, h, w, c] = shape;
    const images = Uint8Array.from(randomArray(rows * h * w * c, 3), (v) =>
      Math.floor((v + 1) * 128),
    );
    const labels = Uint8Array.from({ length: rows }, (_, row) => (row * 3) % 10);
    const order = Uint32Array.from({ length: 2 * batch }, (_, i) => (i * 5 + 2) % rows);
    const feed: Feed = {
      images: device.tensor(shape, "images", images, "u8"),
      labels: device.tensor([rows], "labels", labels, "u8"),
      order: device.tensor([order.length], "order", order, "u32"),
      clock: device.tensor([2], "clock", undefined, "u32"),
    };
    const rec = new Recorder({ name: "gather", capabilities: device });
    const inputShape = [h + 2 * pad, w + 2 * pad, c];
    const { x, y } = gatherBatch(rec, feed, { batch, inputShape, ...(scale ? { scale } : {}) });
    advanceClock(rec, feed, batch);
    rec.keep(x);
    rec.keep(y);
    const executable = await Executable.compile(device, rec.finish());
    for (const pass of [0, 1]) {
      executable.run();
      const picked = [...order.subarray(pass * batch, (pass + 1) * batch)];
      const factor = Math.fround(scale ?? 1 / 255);
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

test.run();
