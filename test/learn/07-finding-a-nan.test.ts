// Chapter 7: how a NaN is made and how it travels, by the step that the chapter tells of, with the fault planted.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Tensor } from "../../src/engine/core/tensor.ts";
import { addTensors } from "../../src/engine/ops/add.ts";
import { readsOf, writesOf } from "../../src/engine/program/program.ts";
import { openStep } from "../../src/inspect/step.ts";
import { Walk } from "../../src/inspect/walk.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { evaluate } from "../support/evaluate.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";
import { ChapterCheck } from "./chapter-check.ts";

const test = suite("learn: finding a NaN");
const check = new ChapterCheck("07-finding-a-nan.md");

const BATCH = 8;

test("sums overflow and meet as they are printed", async () => {
  const device = await gpu();
  const [p, q] = [check.given("p").values, check.given("q").values];
  const tensors = { p: Float32Array.from(p), q: Float32Array.from(q) };
  const { outputs } = await evaluate((rec) => {
    const s = twice(device.tensor([2], "p", tensors.p));
    const t = twice(device.tensor([2], "q", tensors.q));
    return { s, t, u: addTensors(rec, s, t, "u") };
    function twice(tensor: Tensor): Tensor {
      return addTensors(rec, tensor, tensor, "sum");
    }
  });
  // In float64 nothing overflows: these loops round as float32 does.
  const add = (a: readonly number[], b: readonly number[]) =>
    a.map((value, i) => Math.fround(value + (b[i] ?? 0)));
  const [s, t] = [add(p, p), add(q, q)];
  check.computed("s", { loops: s, kernels: outputs.s });
  check.computed("t", { loops: t, kernels: outputs.t });
  check.computed("u", { loops: add(s, t), kernels: outputs.u });
  const largest = new Float32Array(Uint32Array.of(0x7f7fffff).buffer)[0] ?? 0;
  check.says(`largest float32 is about ${largest.toPrecision(2).replace("e+", "e")}`);
});

interface Count {
  readonly odd: number;
  readonly all: number;
}

async function plantedStep() {
  const step = await openStep(await gpu(), {
    ...{ model: lenet5(), kind: "train", batchSize: BATCH, plan: { sharesSlots: false } },
    data: uploadDataset(await gpu(), smallDataset(BATCH)),
  });
  const kernel = [...step.variables].find(({ name }) => name === "conv2d/kernel");
  if (!kernel) throw new Error("no kernel");
  const values = await step.executable.read(kernel.tensor);
  values[0] = Number.NaN;
  step.device.write(kernel.tensor, values);
  return step;
}

test("one NaN weight reaches as far as the table says, and the walk finds it", async () => {
  const step = await plantedStep();
  const walk = new Walk(step.executable);
  const [early, late] = [new Map<string, Count>(), new Map<string, Count>()];
  const look = async (tensors: readonly Tensor[]) => {
    let isOdd = false;
    for (const tensor of tensors.filter(({ dtype }) => dtype === "f32")) {
      const values = [...(await walk.read(tensor))];
      const odd = values.filter((value) => !Number.isFinite(value)).length;
      const count = { odd, all: values.length };
      if (!early.has(tensor.label)) early.set(tensor.label, count);
      late.set(tensor.label, count);
      isOdd ||= odd > 0;
    }
    return isOdd;
  };
  let first: string | null = null;
  for (const dispatch of step.executable.dispatches) {
    walk.runTo(dispatch.id);
    const isOddBefore = await look(readsOf(dispatch));
    if (dispatch.id === 0) assert.not(isOddBefore);
    if (isOddBefore) first ??= dispatch.layers[0] ?? "";
    walk.runTo(dispatch.id + 1);
    await look(writesOf(dispatch));
  }
  assert.is(first, "conv2d");
  for (const [tensor = "", odd, all] of check.chapter.table("tensor")) {
    // A weight as the forward pass reads it; its arena, and whatever is written, as the step leaves it.
    const counts = tensor.includes("/") ? early : late;
    const { odd: count, all: size } = counts.get(tensor) ?? { odd: -1, all: -1 };
    assert.equal([tensor, odd, all], [tensor, ...[count, size].map((n) => n.toLocaleString("en"))]);
  }
  step.close();
});

test("a NaN's bits are more than infinity's", () => {
  const bits = (value: number) => new Int32Array(Float32Array.of(value).buffer)[0] ?? 0;
  assert.ok((bits(Number.NaN) & 0x7fffffff) > bits(Number.POSITIVE_INFINITY));
});

test("nothing is left unchecked", () => check.nothingLeft());

test.run();
