// The logarithm of softmax, on every number of lanes a row: values, gradient, probabilities that float32 has no number for.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { logSoftmax } from "../../src/engine/ops/log-softmax.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { assertClose, f32 } from "../support/close.ts";
import { evaluate } from "../support/evaluate.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("log-softmax");

function reference(x: ArrayLike<number>, classes: number): Float64Array {
  const y = Float64Array.from(x);
  for (let start = 0; start < y.length; start += classes) {
    const row = y.subarray(start, start + classes);
    const peak = row.reduce((a, b) => Math.max(a, b));
    const sum = row.reduce((total, value) => total + Math.exp(value - peak), 0);
    row.set(row.map((value) => value - peak - Math.log(sum)));
  }
  return y;
}

/** dy − exp(y) · Σ dy, row by row. */
function slopes(y: ArrayLike<number>, dy: Float32Array, classes: number): Float64Array {
  return Float64Array.from(dy, (own, i) => {
    const start = i - (i % classes);
    const sum = dy.subarray(start, start + classes).reduce((total, value) => total + value, 0);
    return own - Math.exp(y[i] ?? Number.NaN) * sum;
  });
}

for (const shape of [
  [1, 1],
  [1, 10],
  [3, 5],
  [7, 33],
] as const) {
  test(`over (${shape})`, () =>
    checkOp({
      label: "log-softmax",
      inputs: { x: { shape } },
      build: (rec, { x }) => apply(rec, logSoftmax, [x], {}),
      reference: ({ x }) => reference(x, shape[1]),
    }));
}

interface Given {
  readonly shape: readonly [rows: number, classes: number];
  readonly x: Float32Array<ArrayBuffer>;
  readonly dy: Float32Array<ArrayBuffer>;
  readonly isSoftware: boolean;
}

async function both({ shape, x: values, dy: gradient, isSoftware }: Given) {
  const device = await gpu();
  const [x, dy] = [device.tensor(shape, "x", values), device.tensor(shape, "dy", gradient)];
  const { outputs } = await evaluate(
    (rec) => {
      rec.watch(x);
      const y = apply(rec, logSoftmax, [x], {});
      const dx = recordGradients(rec, new Map([[y, dy]])).get(x);
      assert.ok(dx);
      return { y, dx };
    },
    { subgroupSize: null, isSoftware },
  );
  return outputs;
}

for (const shape of [
  [1, 1],
  [65, 10],
  [3, 33],
  [129, 1000],
] as const) {
  test(`with several lanes a row, as on hardware, over (${shape})`, async () => {
    const [rows, classes] = shape;
    const x = Float32Array.from(randomArray(rows * classes, 1), (value) => 4 * value);
    const dy = Float32Array.from(randomArray(rows * classes, 2));
    const { y, dx } = await both({ shape, x, dy, isSoftware: false });
    const expected = reference(x, classes);
    assertClose({ label: "y", shape, actual: y, expected, tolerance: f32(classes) });
    const wanted = slopes(expected, dy, classes);
    assertClose({ label: "dx", shape, actual: dx, expected: wanted, tolerance: f32(classes) });
  });
}

test("far apart: what softmax rounds to 0 has a logarithm, and a NaN makes its row one", async () => {
  const shape = [3, 3] as const;
  const x = Float32Array.of(-3e38, 0, 1000, 5, Number.NaN, 1, 1e6, 1e6, 1e6);
  for (const isSoftware of [true, false]) {
    const { y } = await both({ shape, x, dy: new Float32Array(9).fill(1), isSoftware });
    assert.equal([...y.subarray(0, 3)], [Math.fround(-3e38), -1000, 0]);
    assert.ok(y.subarray(3, 6).every(Number.isNaN), `${y}`);
    for (const value of y.subarray(6)) assert.ok(Math.abs(value + Math.log(3)) < 1e-6, `${value}`);
  }
});

test.run();
