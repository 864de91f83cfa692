// relu, tanh and sigmoid: values, gradients, kinks, the far ends, NaN, and a tensor too long for one row of workgroups.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sizeOf } from "../../src/engine/core/shape.ts";
import { type ActivationKind, activation } from "../../src/engine/ops/activation.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { assertClose, EXACT } from "../support/close.ts";
import { evaluate } from "../support/evaluate.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("activation");

const FUNCTIONS: Readonly<Record<ActivationKind, (x: number) => number>> = {
  relu: (x) => Math.max(x, 0),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
};
const KINDS = Object.keys(FUNCTIONS) as ActivationKind[];

/** y, and dx for a dy of ones. */
async function both(kind: ActivationKind, values: Float32Array<ArrayBuffer>) {
  const device = await gpu();
  const shape = [values.length];
  const x = device.tensor(shape, "x", values);
  const dy = device.tensor(shape, "dy", new Float32Array(values.length).fill(1));
  const { outputs } = await evaluate((rec) => {
    rec.watch(x);
    const y = apply(rec, activation, [x], { kind });
    const dx = recordGradients(rec, new Map([[y, dy]])).get(x);
    if (!dx) throw new Error("no gradient");
    return { y, dx };
  });
  return outputs;
}

for (const kind of KINDS) {
  for (const shape of [[1], [3, 5], [2, 3, 5, 7], [1, 1031]]) {
    test(`${kind} over ${shape}`, () =>
      checkOp({
        label: kind,
        inputs: {
          // Away from 0, where relu has no derivative.
          x: { shape, values: randomArray(sizeOf(shape), 3).map((v) => 4 * v + Math.sign(v) / 8) },
        },
        build: (rec, { x }) => apply(rec, activation, [x], { kind }),
        reference: ({ x }) => x.map(FUNCTIONS[kind]),
      }));
  }

  test(`${kind} lets a NaN through`, async () => {
    const bits = Uint32Array.of(0x7fc00000, 0xffc00000, 0x7f800001, 0x7fffffff, 0x3f800000);
    const { y } = await both(kind, new Float32Array(bits.buffer));
    assert.ok(y.subarray(0, 4).every(Number.isNaN), `got ${y}`);
    assert.ok(Number.isFinite(y[4]));
  });
}

test("relu is exact, and its gradient at 0 is 0", async () => {
  const { y, dx } = await both("relu", Float32Array.of(-1, -0, 0, 1e-30, 3e38, -3e38, 7));
  assert.equal([...y].map(Math.abs), [0, 0, 0, Math.fround(1e-30), Math.fround(3e38), 0, 7]);
  assert.equal([...dx], [0, 0, 0, 1, 1, 0, 1]);
});

test("tanh and sigmoid saturate without overflow", async () => {
  const x = Float32Array.of(-3e38, -1e4, -100, -89, -20, 20, 89, 100, 1e4, 3e38);
  const shape = [x.length];
  const tolerance = { relative: 0, absolute: 1e-6 };
  for (const kind of ["tanh", "sigmoid"] as const) {
    const { y, dx } = await both(kind, x);
    const expected = Array.from(x, FUNCTIONS[kind]);
    assertClose({ label: `${kind} y`, shape, actual: y, expected, tolerance });
    const slopes = new Float32Array(x.length);
    assertClose({ label: `${kind} dx`, shape, actual: dx, expected: slopes, tolerance });
    assert.ok(y.every((value) => Math.abs(value) <= 1));
  }
});

test("tanh and sigmoid are accurate in relative terms from 1e-6 to 9", async () => {
  const x = Float32Array.from({ length: 4001 }, (_, i) => {
    const magnitude = 10 ** (-6 + (i / 4000) * (6 + Math.log10(9)));
    return i % 2 ? magnitude : -magnitude;
  });
  const tolerance = { relative: 2e-6, absolute: 0 };
  for (const kind of ["tanh", "sigmoid"] as const) {
    const { y } = await both(kind, x);
    const expected = Array.from(x, FUNCTIONS[kind]);
    assertClose({ label: kind, shape: [x.length], actual: y, expected, tolerance });
  }
});

test("more than 65,535 workgroups", async () => {
  const length = 65_536 * 64 * 4 + 5;
  const values = new Float32Array(length).map((_, i) => (i % 1009) - 504);
  const device = await gpu();
  const x = device.tensor([length], "x", values);
  const { outputs } = await evaluate((rec) => ({
    y: apply(rec, activation, [x], { kind: "relu" }),
  }));
  const sample = [...Array(5000).keys()].map((i) => Math.floor((i * (length - 1)) / 4999));
  assertClose({
    label: "relu",
    shape: [sample.length],
    actual: sample.map((i) => outputs.y[i] ?? Number.NaN),
    expected: sample.map((i) => Math.max(0, values[i] ?? Number.NaN)),
    tolerance: EXACT,
  });
});

test.run();
