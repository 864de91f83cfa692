// Chapter 1: its convolution, and how many invocations it takes.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ChapterCheck } from "./chapter-check.ts";
import { convolutionKernels, convolutionLoops } from "./convolution.ts";

const test = suite("learn: one pixel");
const check = new ChapterCheck("01-one-pixel.md");

test("the convolution by hand is that of loops and kernels", async () => {
  const [x, w, b] = [check.given("x"), check.given("w"), check.given("b")];
  const z = convolutionLoops({ x, w, b }).y;
  check.computed("z", { loops: z, kernels: (await convolutionKernels({ x, w, b }))["y"] ?? [] });
  const relu = await convolutionKernels({ x, w, b, activation: "relu" });
  check.computed("y", { loops: z.map((v) => Math.max(0, v)), kernels: relu["y"] ?? [] });
});

test("sums add up", () => check.sums());

test("invocation 3 is the last pixel", () => {
  const [index, p] = [3, { o: 1, ow: 2, oh: 2 }];
  const [o, ow] = [index % p.o, Math.floor(index / p.o) % p.ow];
  const oh = Math.floor(index / (p.o * p.ow)) % p.oh;
  assert.equal([o, ow, oh, Math.floor(index / (p.o * p.ow * p.oh))], [0, 1, 1, 0]);
  const size = 64;
  check.says(`in workgroups of ${size}`);
  check.says(`Invocations from 4 to ${size - 1}`);
});

test("nothing is left unchecked", () => check.nothingLeft());

test.run();
