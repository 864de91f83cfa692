// Chapter 8 and its solutions: leaky ReLU in numbers, and the answers to the small exercises.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readChapter } from "../../bench/learn/chapter.ts";
import { planExample } from "../../bench/learn/plan-example.ts";
import { leakyRelu } from "../../docs/learn/solutions/leaky-relu.ts";
import { conv2d } from "../../src/engine/ops/conv2d/conv2d.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { runOp } from "../support/run-op.ts";
import { adamLoops, adamOnDevice } from "./adam-steps.ts";
import { ChapterCheck } from "./chapter-check.ts";

const test = suite("learn: exercises");
const check = new ChapterCheck("08-exercises.md");
const solutions = new ChapterCheck("solutions/README.md");

test("leaky ReLU by hand is that of loops and of our solution", async () => {
  const negativeSlope = 0.3;
  check.says(`With a slope of ${negativeSlope}:`);
  const [x, dy] = [check.given("x"), check.given("dy")];
  const { y, dx } = await runOp({
    inputs: { x: { shape: x.shape, data: x.values } },
    dy: dy.values,
    build: (rec, of) => apply(rec, leakyRelu, [of("x")], { negativeSlope }),
  });
  const leak = (value: number, i: number) => ((x.values[i] ?? 0) > 0 ? 1 : negativeSlope) * value;
  check.computed("y", { loops: x.values.map(leak), kernels: y ?? [] });
  check.computed("dx", { loops: dy.values.map(leak), kernels: dx ?? [] });
  check.says("a grid of 65,535 workgroups across");
});

test("padding: chapter 1's convolution with zeros around", async () => {
  const one = readChapter("01-one-pixel.md");
  const [x, w, b] = [one.tensor("x"), one.tensor("w"), one.tensor("b")];
  const z = Float64Array.from({ length: 16 }, (_, at) => {
    let sum = b.values[0] ?? 0;
    for (let tap = 0; tap < 9; tap++) {
      const row = Math.floor(at / 4) + Math.floor(tap / 3) - 1;
      const column = (at % 4) + (tap % 3) - 1;
      const isInside = row >= 0 && row < 4 && column >= 0 && column < 4;
      if (isInside) sum += (x.values[row * 4 + column] ?? 0) * (w.values[tap] ?? 0);
    }
    return sum;
  });
  const inputs = Object.fromEntries(
    Object.entries({ x, w, b }).map(([name, { shape, values }]) => [name, { shape, data: values }]),
  );
  const run = (activation: "linear" | "relu") =>
    runOp({
      inputs,
      build: (rec, of) =>
        apply(rec, conv2d, [of("x"), of("w"), of("b")], {
          ...{ strides: [1, 1], padding: "same", activation },
        }),
    });
  const relu = z.map((value) => Math.max(0, value));
  solutions.computed("z, same", { loops: z, kernels: (await run("linear"))["y"] ?? [] });
  solutions.computed("y, same", { loops: relu, kernels: (await run("relu"))["y"] ?? [] });
  const inner = [5, 6, 9, 10].map((at) => z[at]);
  assert.equal(inner, one.tensor("z").values, "the inner four stay as they were");
  solutions.sums();
});

test("slots: b is kept as well", () => {
  const plan = planExample({ keepsB: true });
  const own = [...plan.lives.values()].filter(({ slot }) => slot !== null);
  const rows = own.map(({ storage, first, last, slot }) => [
    storage.label.replace(".y", ""),
    ...[first, last, slot].map(String),
  ]);
  assert.equal(solutions.chapter.table("tensor"), rows);
  solutions.says(`as before: ${plan.slotBytes.length} slots`);
});

test("Adam without a gradient", async () => {
  const gradients = [[0.5], [0], [0]];
  const loops = adamLoops([1], gradients).map(({ w }) => w[0] ?? Number.NaN);
  const step = await adamOnDevice([1, 1, 1, 1]);
  const kernels: number[] = [];
  for (const [g = 0] of gradients) kernels.push((await step([g, g, g, g])).w[0] ?? Number.NaN);
  solutions.computed("w after steps 1 to 3", { loops, kernels });
  const later = adamLoops([1], [[0.5], ...Array.from({ length: 60 }, () => [0])]);
  const moves = later.slice(1).map(({ w }, i) => (later[i]?.w[0] ?? 0) - (w[0] ?? 0));
  const ratio = (moves[59] ?? 0) / (moves[58] ?? 1);
  assert.ok(Math.abs(ratio - 0.9) < 0.02, `a tenth less each step, got ${ratio}`);
});

test("nothing is left unchecked", () => {
  check.nothingLeft();
  solutions.nothingLeft();
});

test.run();
