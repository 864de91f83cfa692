// dz and db of the shared epilogue, against float64 sums, over channel counts that repeat in words of four and not.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  ACTIVATIONS,
  type Activation,
  biasActivationKernels,
  recordBiasActivationBackward,
} from "../../src/engine/ops/gemm/bias-activation.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { assertClose, EXACT, f32 } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("bias-activation");

const SLOPES: Readonly<Record<Activation, (y: number) => number>> = {
  linear: () => 1,
  relu: (y) => (y > 0 ? 1 : 0),
  tanh: (y) => 1 - y * y,
  sigmoid: (y) => y * (1 - y),
};

interface Case {
  readonly rows: number;
  readonly channels: number;
  readonly activation: Activation;
  readonly hasBias?: boolean;
  /** As if the adapter were hardware: more and shorter partial sums. */
  readonly asHardware?: boolean;
}

async function check({ rows, channels, activation, hasBias = true, asHardware }: Case) {
  const device = await gpu();
  const shape = [rows, channels];
  const dyData = Float32Array.from(randomArray(rows * channels, 3));
  // Zeros included: relu's slope is 0 there. The storage's tail is poisoned, so that a sum that reads it shows.
  const yData = Float32Array.from(randomArray(rows * channels, 4), (v, i) => (i % 5 ? v : 0));
  const [dy, y] = [device.tensor(shape, "dy"), device.tensor(shape, "y")];
  const poisoned = (data: Float32Array, bytes: number) => {
    const whole = new Float32Array(bytes / 4).fill(Number.NaN);
    whole.set(data);
    return whole;
  };
  device.write(dy, poisoned(dyData, dy.storage.bytes));
  device.write(y, poisoned(yData, y.storage.bytes));
  const { subgroupSize, isSoftware } = device;
  const rec = new Recorder({
    name: "bias-activation",
    capabilities: { subgroupSize, isSoftware: asHardware ? false : isSoftware },
  });
  const { dz, db } = recordBiasActivationBackward(rec, { dy, y, activation, hasBias });
  rec.keep(dz);
  if (db) rec.keep(db);
  const executable = await Executable.compile(device, rec.finish());
  executable.run();
  const expected = Float64Array.from(
    dyData,
    (value, i) => value * SLOPES[activation](yData[i] ?? 0),
  );
  const label = `${activation} ${rows}×${channels}`;
  if (activation === "linear") assert.is(dz, dy);
  else {
    const actual = await executable.read(dz);
    const tolerance = activation === "relu" ? EXACT : f32(1);
    assertClose({ label: `${label} dz`, shape, actual, expected, tolerance });
  }
  assert.is(db === null, !hasBias);
  if (!db) return;
  const sums = new Float64Array(channels);
  for (const [i, v] of expected.entries()) sums[i % channels] = (sums[i % channels] ?? 0) + v;
  const actual = await executable.read(db);
  const tolerance = f32(rows);
  assertClose({ label: `${label} db`, shape: [channels], actual, expected: sums, tolerance });
  executable.run();
  const again = await executable.read(db);
  assert.equal(Buffer.from(again.buffer), Buffer.from(actual.buffer), "two runs, the same bits");
}

for (const activation of ACTIVATIONS) {
  for (const [rows, channels] of [
    [1, 1],
    [50, 120],
    [50, 10],
    [7, 3],
    [513, 5],
    [1031, 6],
    [300, 16],
    [2051, 1],
    [3, 516],
  ] as const) {
    test(`${activation} over ${rows}×${channels}`, () => check({ rows, channels, activation }));
  }
  test(`${activation} without bias`, () =>
    check({ rows: 17, channels: 7, activation, hasBias: false }));
  test(`${activation} cut for hardware`, async () => {
    await check({ rows: 4099, channels: 6, activation, asHardware: true });
    await check({ rows: 801, channels: 512, activation, asHardware: true });
  });
}

test("more words than a dimension has workgroups", () =>
  check({ rows: 65_600, channels: 256, activation: "relu", hasBias: false }));

test("every kernel that is dispatched is listed, once", () => {
  const keys = [...biasActivationKernels()].map(
    ({ label, flags }) =>
      `${label} ${Object.keys(flags ?? {}).filter((name) => flags?.[name] === true)}`,
  );
  assert.is(keys.length, 8);
  assert.is(new Set(keys).size, 8);
});

test.run();
