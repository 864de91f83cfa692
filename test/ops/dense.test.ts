// The dense op: forward against float64 loops, gradients against their central differences, errors word by word.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Shape } from "../../src/engine/core/shape.ts";
import type { Tensor } from "../../src/engine/core/tensor.ts";
import { dense } from "../../src/engine/ops/dense.ts";
import { ACTIVATIONS, type Activation } from "../../src/engine/ops/gemm/bias-activation.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { tensorsOf } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { randomArray } from "../support/random.ts";

const test = suite("dense");

const ACTIVATE: Readonly<Record<Activation, (z: number) => number>> = {
  linear: (z) => z,
  relu: (z) => Math.max(0, z),
  tanh: Math.tanh,
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
};

interface Case {
  readonly extents: readonly [n: number, i: number, o: number];
  readonly activation: Activation;
  readonly rungs?: Readonly<Record<string, string>>;
}

interface Values {
  readonly x: Float64Array;
  readonly w: Float64Array;
  readonly b?: Float64Array;
}

function reference({ extents: [n, i, o], activation }: Case) {
  return ({ x, w, b }: Values) =>
    Float64Array.from({ length: n * o }, (_, at) => {
      const [row, column] = [Math.floor(at / o), at % o];
      let z = b?.[column] ?? 0;
      for (let k = 0; k < i; k++) z += (x[row * i + k] ?? 0) * (w[k * o + column] ?? 0);
      return ACTIVATE[activation](z);
    });
}

function check(testCase: Case) {
  const { extents, activation, rungs = {} } = testCase;
  const [n, i, o] = extents;
  return checkOp({
    label: `dense ${activation} ${extents} ${rungs["gemm"] ?? ""}`,
    inputs: { x: { shape: [n, i] }, w: { shape: [i, o] }, b: { shape: [o] } },
    build: (rec, { x, w, b }) => apply(rec, dense, [x, w, b], { activation }),
    reference: reference(testCase),
    sumLength: i,
    rungs,
  });
}

for (const gemm of ["naive", "tiled", "subgroup"]) {
  for (const activation of ACTIVATIONS) {
    test(`${activation}, ${gemm}`, () =>
      check({ extents: [5, 12, 8], activation, rungs: { gemm } }));
    test(`${activation}, ${gemm}, extents not multiples of four`, () =>
      check({ extents: [3, 7, 5], activation, rungs: { gemm } }));
  }
}

test("one example, one feature, one unit", () => check({ extents: [1, 1, 1], activation: "tanh" }));

test("a batch and units beyond a tile", () =>
  check({ extents: [17, 6, 66], activation: "linear" }));

test("without bias", () =>
  checkOp<"x" | "w">({
    label: "dense without bias",
    inputs: { x: { shape: [4, 9] }, w: { shape: [9, 3] } },
    build: (rec, { x, w }) => apply(rec, dense, [x, w], { activation: "relu" }),
    reference: reference({ extents: [4, 9, 3], activation: "relu" }),
    sumLength: 9,
  }));

// As if the adapter bound no more than this, so that the weight is used in slices of its rows.
for (const [label, extents, limit] of [
  ["two slices, rows that are no whole words", [5, 37, 10], 1300],
  ["three slices, the last one short", [3, 70, 16], 2048],
  ["a slice a few rows, batch of one", [1, 66, 33], 8448],
] as const) {
  for (const gemm of ["naive", "subgroup"]) {
    test(`a weight beyond the binding limit, ${gemm}: ${label}`, async () => {
      const [n, i, o] = extents;
      let recorder: Recorder | null = null;
      await checkOp({
        label,
        inputs: { x: { shape: [n, i] }, w: { shape: [i, o] }, b: { shape: [o] } },
        build: (rec, { x, w, b }) => {
          recorder = rec;
          return apply(rec, dense, [x, w, b], { activation: "tanh" });
        },
        reference: reference({ extents, activation: "tanh" }),
        sumLength: i,
        rungs: { gemm },
        capabilities: { maxStorageBufferBindingSize: limit },
      });
      const largest = Math.max(...bindingsOf(recorder).map(({ storage }) => storage.bytes));
      assert.ok(4 * i * o > limit && largest <= limit, `${largest} bytes in one binding`);
    });
  }
}

function bindingsOf(rec: Recorder | null): readonly Tensor[] {
  return rec?.finish().dispatches.flatMap(tensorsOf) ?? [];
}

test("a weight of which not even a slice can be bound", () => {
  const capabilities = { subgroupSize: null, isSoftware: true, maxStorageBufferBindingSize: 2048 };
  const rec = new Recorder({ name: "slices", capabilities });
  const [x, w] = [rec.allocate([2, 40], "x"), rec.allocate([40, 30], "fc1/kernel")];
  assert.throws(
    () => apply(rec, dense, [x, w], { activation: "linear" }),
    "device: fc1/kernel needs 3840 bytes in one binding, this adapter allows 2048 bytes",
  );
});

test("saturated activations stay finite", async () => {
  for (const activation of ACTIVATIONS) {
    await checkOp<"x" | "w">({
      label: `dense ${activation}, large sums`,
      inputs: {
        x: { shape: [2, 2], values: [300, -100, -300, 100] },
        w: { shape: [2, 3], values: randomArray(6, 5) },
      },
      build: (rec, { x, w }) => apply(rec, dense, [x, w], { activation }),
      reference: reference({ extents: [2, 2, 3], activation }),
      // Differences across a step of 1e-4 · 300 are too coarse here; gradients are checked above.
      gradients: [],
      sumLength: 4,
    });
  }
});

test("records the gradients that are asked for, and no others", () => {
  const rec = new Recorder({
    name: "needs",
    capabilities: { subgroupSize: null, isSoftware: true },
    rungs: { gemm: "naive" },
  });
  const [x, w, b] = [rec.allocate([4, 3], "x"), rec.allocate([3, 2], "w"), rec.allocate([2], "b")];
  rec.watch(w);
  const y = apply(rec, dense, [x, w, b], { activation: "linear" });
  const gradients = recordGradients(rec, new Map([[y, rec.allocate([4, 2], "dy")]]));
  assert.equal([gradients.has(x), gradients.has(w), gradients.has(b)], [false, true, false]);
  assert.is(rec.finish().dispatches.length, 2, "y and dw");
});

test("shapes must fit", () => {
  const infer = (x: Shape, w: Shape, b: Shape) => () =>
    dense.infer([x, w, b], { activation: "linear" });
  assert.throws(
    infer([4, 3], [5, 2], [2]),
    "dense: input has 3 features but the weight expects 5, got x (4, 3), w (5, 2)",
  );
  assert.throws(
    infer([4, 3], [3, 2], [3]),
    "dense: bias has one value a unit, got b (3,), w (3, 2)",
  );
  assert.throws(infer([4, 3, 1], [3, 2], [2]), "dense: takes a tensor of rank 2, got (4, 3, 1)");
});

test.run();
