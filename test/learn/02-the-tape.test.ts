// Chapter 2: its small network forwards and backwards, by loops and by the tape.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Printed } from "../../bench/learn/chapter.ts";
import { recordStep } from "../../bench/recorded-step.ts";
import type { Tensor } from "../../src/engine/core/tensor.ts";
import { add } from "../../src/engine/ops/add.ts";
import { dense } from "../../src/engine/ops/dense.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { evaluate } from "../support/evaluate.ts";
import { gpu } from "../support/gpu.ts";
import { ChapterCheck } from "./chapter-check.ts";

const test = suite("learn: the tape");
const check = new ChapterCheck("02-the-tape.md");

/** a · b of row-major matrices. */
function product(a: ArrayLike<number>, b: ArrayLike<number>, inner: number): Float64Array {
  const [rows, columns] = [a.length / inner, b.length / inner];
  return Float64Array.from({ length: rows * columns }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      sum += (a[Math.floor(i / columns) * inner + k] ?? 0) * (b[k * columns + (i % columns)] ?? 0);
    }
    return sum;
  });
}

function loops([x, w1, b1, w2]: readonly Float64Array[]) {
  const [row = [], kernel = [], bias = [], last = []] = [x, w1, b1, w2];
  const h = product(row, kernel, 2).map((v, i) => Math.max(0, v + (bias[i] ?? 0)));
  const s = h.map((v, i) => v + (row[i] ?? 0));
  const ds = Float64Array.from(last);
  const dz = ds.map((v, i) => ((h[i] ?? 0) > 0 ? v : 0));
  const turned = [0, 2, 1, 3].map((i) => kernel[i] ?? 0);
  const back = product(dz, turned, 2);
  return {
    ...{ h, s, y: product(s, last, 2), ds, dh: ds, dz, db1: dz, dw2: s },
    dw1: product(row, dz, 1),
    dx: ds.map((v, i) => v + (back[i] ?? 0)),
  };
}

async function kernels(inputs: Readonly<Record<string, Printed>>) {
  const device = await gpu();
  const tensors = Object.entries(inputs).map(([name, { shape, values }]) =>
    device.tensor(shape, name, Float32Array.from(values)),
  ) as [Tensor, Tensor, Tensor, Tensor];
  const dy = device.tensor([1, 1], "dy", Float32Array.of(1));
  const { outputs } = await evaluate((rec) => {
    const [x, w1, b1, w2] = tensors;
    for (const tensor of tensors) rec.watch(tensor);
    const h = apply(rec, dense, [x, w1, b1], { activation: "relu" });
    const s = apply(rec, add, [h, x], {});
    const y = apply(rec, dense, [s, w2], { activation: "linear" });
    const gradients = recordGradients(rec, new Map([[y, dy]]));
    const of = (tensor: Tensor) => gradients.get(tensor) ?? assert.unreachable();
    assert.equal(
      rec.tape.map(({ op }) => op),
      ["dense", "add", "dense"],
    );
    const named = { dx: of(x), dw1: of(w1), db1: of(b1), dw2: of(w2), ds: of(s), dh: of(h) };
    return { h, s, y, ...named } as Record<string, Tensor>;
  });
  return outputs;
}

test("the walk by hand is that of loops and of the tape", async () => {
  const names = ["x", "w1", "b1", "w2"];
  const inputs = Object.fromEntries(names.map((name) => [name, check.given(name)]));
  const expected = loops(names.map((name) => Float64Array.from(inputs[name]?.values ?? [])));
  const actual = await kernels(inputs);
  for (const [name, numbers] of Object.entries(expected)) {
    const computed = actual[name];
    check.computed(name, { loops: numbers, ...(computed ? { kernels: computed } : {}) });
  }
  assert.is(Object.keys(actual).length, 9);
  check.says("1·1 + 2·0.5 + 1 = 3");
});

test("sums add up", () => check.sums());

test("what is to find in LeNet-5's tape is there", () => {
  const { dispatches } = recordStep().program;
  const [first] = dispatches.filter(({ kernel }) => kernel.label === "conv2d/subgroup/forward");
  const written = dispatches.filter(({ forwardOf }) => forwardOf === first?.id);
  const labels = written
    .flatMap(({ bindings }) => Object.values(bindings))
    .map((b) => b.tensor.label);
  assert.ok(labels.includes("conv2d.dw"));
  assert.not(labels.includes("conv2d.dx"));
  const backward = dispatches.filter(({ forwardOf }) => forwardOf !== null);
  const forwards = backward.map(({ forwardOf }) => forwardOf ?? 0);
  assert.equal(
    forwards,
    forwards.toSorted((a, b) => b - a),
  );
  const softmax = dispatches.find(({ op }) => op === "softmax");
  assert.not(forwards.includes(softmax?.id ?? 0));
});

test("nothing is left unchecked", () => check.nothingLeft());

test.run();
