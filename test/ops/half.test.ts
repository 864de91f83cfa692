// Ops on tensors that are stored as f16: products on every rung against float64 loops and their central differences, with f16
// where results and gradients of results are stored and f32 where weights' gradients are; and of every other op, that its result
// is the one of f32 on the same numbers, rounded once.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";
import { persistentTensor, type Tensor } from "../../src/engine/core/tensor.ts";
import { activation } from "../../src/engine/ops/activation.ts";
import { add } from "../../src/engine/ops/add.ts";
import { affine } from "../../src/engine/ops/affine.ts";
import { batchNormalization } from "../../src/engine/ops/batch-normalization.ts";
import { biasAdd } from "../../src/engine/ops/bias-add.ts";
import { recordCast, recordScaled, recordUnscaled } from "../../src/engine/ops/cast.ts";
import { concatenate } from "../../src/engine/ops/concatenate.ts";
import { conv2d } from "../../src/engine/ops/conv2d/conv2d.ts";
import { groupedConv2d } from "../../src/engine/ops/conv2d/grouped.ts";
import { convGeometry } from "../../src/engine/ops/conv2d/problem.ts";
import { curve } from "../../src/engine/ops/curve.ts";
import { dense } from "../../src/engine/ops/dense.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { groupNormalization } from "../../src/engine/ops/group-normalization.ts";
import { merge } from "../../src/engine/ops/merge.ts";
import { globalAveragePool2d } from "../../src/engine/ops/pool/global-average-pool2d.ts";
import { globalMaxPool2d } from "../../src/engine/ops/pool/global-max-pool2d.ts";
import { averagePool2d, maxPool2d } from "../../src/engine/ops/pool/pool2d.ts";
import { prelu } from "../../src/engine/ops/prelu.ts";
import { reshape } from "../../src/engine/ops/reshape.ts";
import { resize } from "../../src/engine/ops/resize.ts";
import { zeroPadding } from "../../src/engine/ops/zero-padding.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { convReference } from "../support/conv-reference.ts";
import { gpu } from "../support/gpu.ts";
import { halved, toHalves } from "../support/halves.ts";
import { randomArray } from "../support/random.ts";

const test = suite("half");

/** Where there is no f16, none of this can be; then it says so, once. */
const hasHalf = (await gpu()).hasHalf;
if (!hasHalf) console.log("half: this adapter has no shader-f16, so ops on f16 are not tested");
const testHalf = hasHalf ? test : test.skip;

const CONV = { strides: [1, 1], padding: "same", activation: "relu" } as const;

for (const [rung, x, w] of [
  ["naive", [2, 5, 4, 3], [3, 3, 3, 5]],
  ["tiled 32x32/4x4/8", [2, 4, 3, 4], [3, 3, 4, 8]],
  ["subgroup", [2, 5, 4, 3], [3, 3, 3, 4]],
  ["implicit", [2, 4, 3, 8], [3, 3, 8, 8]],
] as const) {
  testHalf(`conv2d, ${rung}: x ${x}, w ${w}`, () =>
    checkOp({
      label: `conv2d ${rung}`,
      inputs: { x: { shape: x }, w: { shape: w }, b: { shape: [w[3]] } },
      halves: ["x", "w", "b"],
      build: (rec, inputs) => apply(rec, conv2d, [inputs.x, inputs.w, inputs.b], CONV),
      reference: convReference(convGeometry(x, w, CONV), "relu"),
      sumLength: 9 * x[3],
      rungs: Object.fromEntries(
        ["conv2d.forward", "conv2d.dx", "conv2d.dw"].map((ladder) => [ladder, rung]),
      ),
    }),
  );
}

for (const [gemm, [n, i, o]] of [
  ["naive", [3, 7, 5]],
  ["tiled 32x32/4x4/8", [5, 12, 8]],
  ["subgroup", [3, 7, 5]],
] as const) {
  testHalf(`dense, ${gemm}: ${n} × ${i} · ${i} × ${o}`, () =>
    checkOp({
      label: `dense ${gemm}`,
      inputs: { x: { shape: [n, i] }, w: { shape: [i, o] }, b: { shape: [o] } },
      halves: ["x", "w", "b"],
      build: (rec, { x, w, b }) => apply(rec, dense, [x, w, b], { activation: "linear" }),
      reference: ({ x, w, b }) =>
        Float64Array.from({ length: n * o }, (_, at) => {
          const [row, column] = [Math.floor(at / o), at % o];
          let z = b[column] ?? 0;
          for (let k = 0; k < i; k++) z += (x[row * i + k] ?? 0) * (w[k * o + column] ?? 0);
          return z;
        }),
      sumLength: i,
      rungs: { gemm },
    }),
  );
}

type Build = (rec: Recorder, x: Tensor, other: (shape: Shape, label: string) => Tensor) => Tensor;

interface Case {
  readonly x: Shape;
  readonly build: Build;
  /** Whether the gradient is computed from the result, which is rounded by then. Default false. */
  readonly roundsTwice?: boolean;
}

const POOL = { poolSize: [2, 2], strides: [2, 2], padding: "same" } as const;
const NORMALIZED = { momentum: 0.9, epsilon: 1e-3 };
const moving = (channels: number) => ({
  mean: persistentTensor([channels], "moving_mean"),
  variance: persistentTensor([channels], "moving_variance"),
});

const CASES: Readonly<Record<string, Case>> = {
  relu: { x: [3, 7], build: (rec, x) => apply(rec, activation, [x], { kind: "relu" }) },
  tanh: {
    x: [3, 7],
    build: (rec, x) => apply(rec, activation, [x], { kind: "tanh" }),
    roundsTwice: true,
  },
  add: { x: [3, 7], build: (rec, x, other) => apply(rec, add, [x, other([3, 7], "b")], {}) },
  affine: { x: [3, 7], build: (rec, x) => apply(rec, affine, [x], { scale: 0.3, offset: 0.1 }) },
  "bias-add": {
    x: [3, 7],
    build: (rec, x, other) => apply(rec, biasAdd, [x, other([7], "b")], {}),
  },
  concatenate: {
    x: [3, 2, 5],
    build: (rec, x, other) => apply(rec, concatenate, [x, other([3, 2, 3], "b")], { axis: -1 }),
  },
  curve: { x: [3, 7], build: (rec, x) => apply(rec, curve, [x], { kind: "gelu" }) },
  "grouped-conv2d": {
    x: [2, 5, 5, 4],
    build: (rec, x, other) =>
      apply(rec, groupedConv2d, [x, other([3, 3, 1, 4], "w")], {
        ...{ strides: [1, 1], padding: "same", dilation: [1, 1], groups: 4 },
      }),
  },
  merge: {
    x: [3, 7],
    build: (rec, x, other) => apply(rec, merge, [x, other([3, 7], "b")], { kind: "multiply" }),
  },
  "max-pool2d": { x: [2, 5, 4, 3], build: (rec, x) => apply(rec, maxPool2d, [x], POOL) },
  "average-pool2d": { x: [2, 5, 4, 4], build: (rec, x) => apply(rec, averagePool2d, [x], POOL) },
  "global-average-pool2d": {
    x: [2, 5, 4, 3],
    build: (rec, x) => apply(rec, globalAveragePool2d, [x], {}),
  },
  "global-max-pool2d": {
    x: [2, 5, 4, 3],
    build: (rec, x) => apply(rec, globalMaxPool2d, [x], {}),
    roundsTwice: true,
  },
  "batch-normalization": {
    x: [3, 2, 3, 6],
    build: (rec, x) =>
      apply(rec, batchNormalization, [x], {
        ...{ ...NORMALIZED, training: true, scale: false, center: false, moving: moving(6) },
      }),
  },
  "group-normalization": {
    x: [2, 3, 6],
    build: (rec, x, other) => {
      const line = [other([6], "gamma"), other([6], "beta")] as const;
      return apply(rec, groupNormalization, [x, ...line], { groups: 2, epsilon: 1e-3 });
    },
  },
  prelu: { x: [3, 8], build: (rec, x, other) => apply(rec, prelu, [x, other([8], "alpha")], {}) },
  reshape: { x: [3, 8], build: (rec, x) => apply(rec, reshape, [x], { shape: [6, 4] }) },
  resize: {
    x: [2, 3, 4, 2],
    build: (rec, x) => apply(rec, resize, [x], { size: [5, 7], interpolation: "bilinear" }),
  },
  "zero-padding": {
    x: [2, 3, 4, 2],
    build: (rec, x) =>
      apply(rec, zeroPadding, [x], {
        padding: [
          [1, 0],
          [2, 1],
        ],
      }),
  },
};

/** Result and gradient to x, with all tensors stored so. */
async function computed({ x: shape, build }: Case, stored: "f16" | "f32") {
  const device = (await gpu()).scope();
  const rec = new Recorder({ name: "half", capabilities: device });
  let seed = 1;
  const place = (at: Shape, label: string) => {
    const halves = toHalves(randomArray(sizeOf(at), seed++));
    if (stored === "f16") return device.tensor(at, label, halves, "f16");
    return device.tensor(at, label, halved(randomArray(sizeOf(at), seed - 1)));
  };
  const x = place(shape, "x");
  rec.watch(x);
  const y = build(rec, x, place);
  const dx = recordGradients(rec, new Map([[y, place(y.shape, "dy")]])).get(x);
  if (!dx) throw new Error("half: no gradient");
  assert.equal([y.dtype, dx.dtype], [stored, stored]);
  for (const tensor of [y, dx]) rec.keep(tensor);
  const program = rec.finish();
  for (const storage of program.persistent) device.place(storage);
  const executable = await Executable.compile(device, program);
  executable.run();
  const values = { y: await executable.read(y), dx: await executable.read(dx) };
  device.destroy();
  return values;
}

for (const [name, one] of Object.entries(CASES)) {
  testHalf(`${name}: as in f32, rounded once`, async () => {
    const [half, full] = [await computed(one, "f16"), await computed(one, "f32")];
    assert.equal(half.y, halved(full.y));
    assert.ok(half.y.some((value) => value !== 0));
    const steps = half.dx.map((value, i) => Math.abs(value - (full.dx[i] ?? 0)));
    const most = one.roundsTwice ? 2 ** -9 : 0;
    if (most === 0) assert.equal(half.dx, halved(full.dx));
    else
      assert.ok(
        steps.every((step) => step <= most),
        `${Math.max(...steps)}`,
      );
  });
}

testHalf(
  "casts round to the nearest, of two to the even one, and beyond the largest to infinity",
  async () => {
    const device = await gpu();
    const numbers = [
      1,
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
      65504,
      65519,
      65520,
      1e9,
      -7e4,
      2 ** -24,
      2 ** -25,
      0,
      -0.1,
    ];
    const x = device.tensor([12], "x", Float32Array.from(numbers));
    const rec = new Recorder({ name: "cast", capabilities: device });
    const factor = device.tensor([1], "factor", Float32Array.of(1024));
    const half = recordCast(rec, x, "f16");
    const all = {
      half,
      back: recordCast(rec, half, "f32"),
      scaled: recordScaled(rec, x, { factor, dtype: "f16" }),
      unscaled: recordUnscaled(rec, half, factor),
    };
    for (const tensor of Object.values(all)) rec.keep(tensor);
    const executable = await Executable.compile(device, rec.finish());
    executable.run();
    const expected = halved(numbers);
    assert.equal(await executable.read(all.half), expected);
    assert.equal(await executable.read(all.back), expected);
    assert.equal(await executable.read(all.scaled), halved(numbers.map((value) => 1024 * value)));
    assert.equal(
      await executable.read(all.unscaled),
      expected.map((value) => value / 1024),
    );
    assert.is(half.storage.bytes, 32);
  },
);

test.run();
