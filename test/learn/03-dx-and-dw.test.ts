// Chapter 3: the gradients of its convolution, and the loss that moves as they say.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { numberOf } from "../../bench/learn/chapter.ts";
import { recordStep } from "../../bench/recorded-step.ts";
import { ChapterCheck } from "./chapter-check.ts";
import { convolutionKernels, convolutionLoops } from "./convolution.ts";

const test = suite("learn: dx and dw");
const check = new ChapterCheck("03-dx-and-dw.md");

const sumOf = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0);

test("the gradients by hand are those of loops and kernels", async () => {
  const [x, w, dy] = [check.given("x"), check.given("w"), check.given("dy")];
  const { dx, dw } = convolutionLoops({ x, w, dy });
  const b = { name: "b", shape: [1], values: [0], rounding: 0 };
  const kernels = await convolutionKernels({ x, w, b, dy });
  check.computed("dx", { loops: dx, kernels: kernels["dx"] ?? [] });
  check.computed("dw", { loops: dw, kernels: kernels["dw"] ?? [] });
  check.computed("db", { loops: [sumOf(dy.values)], kernels: kernels["db"] ?? [] });
});

test("sums add up", () => check.sums());

test("the loss moves as dw says", async () => {
  const [x, w, dy] = [check.given("x"), check.given("w"), check.given("dy")];
  const rows = check.chapter.table("w[0,1]").map((cells) => cells.map(numberOf));
  for (const [weight, ...printed] of rows) {
    const values = w.values.map((value, i) => (i === 1 ? (weight ?? 0) : value));
    const moved = { x, w: { ...w, values } };
    const { y } = convolutionLoops(moved);
    assert.equal(printed, [...y, sumOf(y.map((v, i) => v * (dy.values[i] ?? 0)))]);
    assert.equal([...((await convolutionKernels(moved))["y"] ?? [])], [...y]);
  }
  const [[from = 0, , , , , low = 0] = [], [to = 0, , , , , high = 0] = []] = rows;
  const slope = (high - low) / (to - from);
  assert.is(slope, check.chapter.tensor("dw").values[1]);
  check.says(`from ${from} to ${to}:`);
  check.says(`grew by ${high - low} for ${to - from} of weight: a slope of ${slope}`);
});

test("LeNet-5's first weight gradient is of the size that is told", () => {
  const { solutions } = recordStep().program;
  const last = solutions.findLast(({ ladder }) => ladder === "conv2d.dw")?.problem;
  const { geometry: g } = last as { geometry: Record<string, number> };
  const { n = 0, oh = 0, ow = 0, kh = 0, kw = 0, i = 0, o = 0 } = g;
  const places = (n * oh * ow).toLocaleString("en");
  check.says(`has ${kh * kw * i * o} weights and, at batch ${n}, ${places} places to sum over`);
});

test("nothing is left unchecked", () => check.nothingLeft());

test.run();
