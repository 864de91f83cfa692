// Statistics measured on the device, against float64 loops on the host.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sizeOf } from "../../src/engine/core/shape.ts";
import {
  HISTOGRAM_BINS,
  recordSnapshot,
  recordStatistics,
  statisticsOf,
  statisticsRecords,
  type TensorStatistics,
} from "../../src/engine/ops/statistics.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("statistics");

interface Case {
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
  readonly before?: Float32Array<ArrayBuffer>;
  readonly limit?: number;
  readonly times?: number;
}

/** Records 0 and 2 of three, so that a record that runs over its end is noticed. */
async function measured({ shape, values, before, limit, times = 1 }: Case) {
  const device = await gpu();
  const x = device.tensor(shape, "x", values);
  const earlier = before && device.tensor(shape, "before", before);
  const { subgroupSize, isSoftware, maxStorageBufferBindingSize } = device;
  const capabilities = {
    ...{ subgroupSize, isSoftware },
    maxStorageBufferBindingSize: limit ?? maxStorageBufferBindingSize,
  };
  const rec = new Recorder({ name: "statistics", capabilities });
  const records = statisticsRecords(rec, 3);
  recordStatistics(rec, x, { records, slot: 2, ...(earlier && { before: earlier }) });
  recordStatistics(rec, x, { records, slot: 0, ...(earlier && { before: earlier }) });
  rec.keep(records);
  const executable = await Executable.compile(device, rec.finish());
  executable.run(times);
  const bytes = await executable.readBytes(records);
  const [first, , third] = statisticsOf(bytes, 3);
  assert.ok(first);
  assert.equal(first, third);
  return { first, dispatches: executable.dispatches.length };
}

function expected(values: ArrayLike<number>): TensorStatistics {
  const all = Array.from(values);
  const finite = all.filter(Number.isFinite);
  const n = Math.max(1, finite.length);
  const mean = finite.reduce((sum, value) => sum + value, 0) / n;
  const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const least = (a: number, b: number) => Math.min(a, b);
  const most = (a: number, b: number) => Math.max(a, b);
  const [min, max] = finite.length === 0 ? [0, 0] : [finite.reduce(least), finite.reduce(most)];
  const histogram = new Array<number>(HISTOGRAM_BINS).fill(0);
  for (const value of finite) {
    const place = max > min ? Math.floor((HISTOGRAM_BINS * (value - min)) / (max - min)) : 0;
    const bin = Math.min(HISTOGRAM_BINS - 1, place);
    histogram[bin] = (histogram[bin] ?? 0) + 1;
  }
  return {
    finite: finite.length,
    nonFinite: all.length - finite.length,
    zeros: finite.filter((value) => value === 0).length,
    ...{ mean, deviation: Math.sqrt(squares / n), min, max, histogram },
  };
}

function assertClose(got: TensorStatistics, want: TensorStatistics, scale: number): void {
  const { histogram, mean, deviation, ...exact } = got;
  const { histogram: bins, mean: wantMean, deviation: wantDeviation, ...wantExact } = want;
  assert.equal(exact, wantExact);
  assert.ok(Math.abs(mean - wantMean) <= 1e-6 * scale, `mean ${mean}, not ${wantMean}`);
  assert.ok(
    Math.abs(deviation - wantDeviation) <= 2e-6 * scale,
    `${deviation}, not ${wantDeviation}`,
  );
  // A value within rounding of an edge may fall on either side.
  const moved = histogram.reduce((sum, count, bin) => sum + Math.abs(count - (bins[bin] ?? 0)), 0);
  assert.ok(moved <= 2 + 1e-3 * want.finite, `${moved} values are in other bins`);
  assert.is(
    histogram.reduce((sum, count) => sum + count, 0),
    want.finite,
  );
}

const random = (length: number, seed = 1) => Float32Array.from(randomArray(length, seed));

for (const shape of [[1], [7], [64, 3], [5, 5, 1, 6], [4099], [300_001]]) {
  test(`${shape}: against float64`, async () => {
    const values = random(sizeOf(shape));
    const { first } = await measured({ shape, values });
    assertClose(first, expected(values), 1);
  });
}

test("zeros of either sign, and what is not finite, are counted and left out", async () => {
  const values = random(5000).map((value, i) => {
    const odd = [Number.NaN, Infinity, -Infinity][(i / 50) % 3];
    if (i % 50 === 0) return odd ?? 0;
    return i % 3 === 0 ? (i % 2 === 0 ? 0 : -0) : value;
  });
  const { first } = await measured({ shape: [5000], values });
  assert.is(first.nonFinite, 100);
  assertClose(first, expected(values), 1);
});

test("nothing finite", async () => {
  const values = new Float32Array(130).fill(Number.NaN);
  const { first } = await measured({ shape: [130], values });
  assert.equal(first, expected(values));
});

test("one value over and over", async () => {
  const values = new Float32Array(2000).fill(0.1);
  const { first } = await measured({ shape: [2000], values });
  assert.is(first.histogram[0], 2000);
  assert.is(first.min, first.max);
  assert.ok(first.deviation < 1e-7);
});

test("a mean that is large beside the deviation keeps it", async () => {
  const values = random(50_000).map((value) => 1000 + value / 100);
  const { first } = await measured({ shape: [50_000], values });
  const want = expected(values);
  assert.ok(Math.abs(first.deviation / want.deviation - 1) < 0.01, `${first.deviation}`);
});

test("values as large as float32 has", async () => {
  const values = Float32Array.of(-3.4e38, 0, 3.4e38);
  const { first } = await measured({ shape: [3], values });
  assert.equal([first.histogram[0], first.histogram[16], first.histogram[31]], [1, 1, 1]);
});

test("a difference", async () => {
  const [values, before] = [random(3000, 1), random(3000, 2)];
  const { first } = await measured({ shape: [3000], values, before });
  const difference = values.map((value, i) => value - (before[i] ?? 0));
  assertClose(first, expected(difference), 1);
});

test("a tensor larger than a binding is measured as a whole", async () => {
  const values = random(10_000);
  const { first, dispatches } = await measured({ shape: [10_000], values, limit: 4096 });
  assertClose(first, expected(values), 1);
  assert.is(dispatches, 2 * (2 * Math.ceil(40_000 / 4096) + 1));
});

test("run again, the record is the same: nothing is left over", async () => {
  const values = random(9000);
  const once = await measured({ shape: [9000], values });
  assert.equal((await measured({ shape: [9000], values, times: 3 })).first, once.first);
});

test("a snapshot keeps what was there", async () => {
  const device = await gpu();
  const x = device.tensor([1000], "x", random(1000));
  const rec = new Recorder({ name: "snapshot", capabilities: device });
  const copy = recordSnapshot(rec, x);
  rec.keep(copy);
  const executable = await Executable.compile(device, rec.finish());
  executable.run();
  assert.equal(new Float32Array(await executable.readBytes(copy), 0, 1000), random(1000));
});

test.run();
