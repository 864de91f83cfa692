// The measured choice of kernels: what is measured, and what may be chosen. The file that keeps it is runs/kernel-table.test.ts.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { conv2d } from "../../src/engine/ops/conv2d/conv2d.ts";
import { GEMM, recordGemm } from "../../src/engine/ops/gemm/gemm.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import type { Ladder, Rung } from "../../src/engine/program/ladder.ts";
import type { Capabilities, Program } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { fillTable, leftIn } from "../../src/inspect/rungs/fill-table.ts";
import {
  chosenOf,
  isMeasured,
  type MeasuredProblems,
  problemsOf,
  RungMeasurement,
  type Thoroughness,
} from "../../src/inspect/rungs/measure-rungs.ts";
import { programsOfModel } from "../../src/inspect/rungs/programs-of-model.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("rungs");
const NONE: MeasuredProblems = new Map();
const going = () => new AbortController().signal;

function productOf(capabilities: Capabilities): Program {
  const rec = new Recorder({ name: "product", capabilities });
  const [a, b, bias] = [
    rec.allocate([9, 7], "a"),
    rec.allocate([7, 5], "b"),
    rec.allocate([5], "c"),
  ];
  recordGemm(rec, { op: "dense", a, b, bias, activation: "tanh", label: "y" });
  return rec.finish();
}

async function measured(programs: readonly Program[]): Promise<MeasuredProblems> {
  const measurement = new RungMeasurement(await gpu(), NONE, going());
  for (const solution of problemsOf(programs).values()) await measurement.measure(solution);
  return measurement.measured;
}

test("every rung that fits is timed, and the product within a 1×1 convolution by itself", async () => {
  const device = await gpu();
  const rec = new Recorder({ name: "pointwise", capabilities: device });
  const [x, w] = [rec.allocate([2, 3, 3, 4], "x"), rec.allocate([1, 1, 4, 5], "w")];
  apply(rec, conv2d, [x, w], { strides: [1, 1], padding: "valid", activation: "relu" });
  const program = rec.finish();
  const found = await measured([program]);
  const [outer, inner] = [
    found.get("conv2d.forward 2 × 3 × 3 × 4 * 1 × 1 × 5 to 3 × 3, relu"),
    found.get("gemm 18 × 4 · 4 × 5, relu"),
  ];
  assert.is(found.size, 2);
  const timed = (ms = {}) => Object.keys(ms).filter((name) => !name.includes(" "));
  assert.equal(timed(outer?.ms), program.solutions[0]?.fitting);
  assert.equal(timed(inner?.ms), program.solutions[1]?.fitting);
  assert.equal([outer?.refused, outer?.ordered], [[], "gemm"]);
});

type GemmProblem = typeof GEMM extends Ladder<infer P> ? P : never;

/** Runs `work` with another tiled rung in the product's ladder, made of the naive and the tiled one. */
async function withTiled(
  changed: (naive: Rung<GemmProblem>, tiled: Rung<GemmProblem>) => Rung<GemmProblem>,
  work: () => Promise<void>,
): Promise<void> {
  const rungs = GEMM.rungs as Rung<GemmProblem>[];
  const at = rungs.findIndex(({ name }) => name === "tiled");
  const [naive, tiled] = [rungs[0], rungs[at]];
  if (!naive || !tiled) throw new Error("no such rungs");
  rungs[at] = changed(naive, tiled);
  try {
    await work();
  } finally {
    rungs[at] = tiled;
  }
}

const inOneRow =
  ({ record }: Rung<GemmProblem>): Rung<GemmProblem>["record"] =>
  (rec, problem) =>
    record(rec, { ...problem, m: 1 });

test("a rung that does not agree with naive is refused, however fast, and its variants with it", async () => {
  await withTiled(
    (naive, tiled) => ({ ...tiled, record: inOneRow(naive) }),
    async () => {
      const [problem] = (await measured([productOf(await gpu())])).values();
      assert.equal(problem?.refused, ["tiled"]);
      assert.equal(
        Object.keys(problem?.ms ?? {}).filter((name) => name.startsWith("tiled")),
        [],
      );
    },
  );
});

test("variants are timed after the rungs, or left; one that does not agree with naive is refused", async () => {
  const wrong = (naive: Rung<GemmProblem>) => ({
    ...{ name: "wrong", isDefault: () => false, fits: () => true, suits: () => true },
    record: inOneRow(naive),
  });
  // Variants of a rung that does not fit by itself are tried whatever its time.
  await withTiled(
    (naive, tiled) => ({
      ...{ ...tiled, fits: () => false },
      variants: [wrong(naive), ...(tiled.variants ?? []).slice(0, 1)],
    }),
    async () => {
      const device = await gpu();
      const [solution] = productOf(device).solutions;
      if (!solution) throw new Error("nothing was solved");
      const measurement = new RungMeasurement(device, NONE, going());
      const names = async (how: Thoroughness) => {
        await measurement.measure(solution, how);
        const [found] = measurement.measured.values();
        const timed = Object.keys(found?.ms ?? {}).filter((name) => name.startsWith("tiled"));
        return { timed, refused: found?.refused, variantsLeft: found?.variantsLeft ?? false };
      };
      const none = { timed: [], refused: [], variantsLeft: true };
      assert.equal(await names("rungs"), none);
      assert.is(leftIn(measurement.measured), 1);
      const all = { timed: ["tiled 32x32/4x4/8"], refused: ["tiled wrong"], variantsLeft: false };
      assert.equal(await names("variants"), all);
      assert.is(leftIn(measurement.measured), 0);
    },
  );
});

test("problems of a step in mixed precision are measured as they are stored", async () => {
  const device = await gpu();
  if (!device.hasHalf) return;
  const dataset = smallDataset(12);
  const config = { name: "lenet5", activation: "relu", pooling: "max" } as const;
  const request = { config, dataset, batchSize: 4, optimizer: adam() };
  const keysOf = (precision: "float32" | "mixed") =>
    [...problemsOf(programsOfModel(device, { ...request, precision })).keys()].filter((key) =>
      key.endsWith("f16"),
    );
  assert.is(keysOf("float32").length, 0);
  assert.ok(keysOf("mixed").length > 4, keysOf("mixed").join());
  const rec = new Recorder({ name: "product", capabilities: device });
  const [a, b] = [rec.allocate([9, 8], "a", "f16"), rec.allocate([8, 5], "b", "f16")];
  const c = recordGemm(rec, { op: "dense", a, b, activation: "tanh", label: "y" });
  assert.is(c.dtype, "f16");
  const found = (await measured([rec.finish()])).get("gemm 9 × 8 · 8 × 5, tanh, f16");
  assert.equal(found?.refused, []);
  assert.ok((found?.ms["tiled"] ?? 0) > 0);
});

test("a rung takes the order's place only where it is clearly faster", () => {
  assert.is(chosenOf({ naive: 2, tiled: 0.9, subgroup: 1 }, "subgroup"), "tiled");
  assert.is(chosenOf({ naive: 2, tiled: 0.96, subgroup: 1 }, "subgroup"), "subgroup");
  assert.is(chosenOf({ naive: 2, tiled: 1 }, "subgroup"), "tiled");
  assert.is(chosenOf({}, "subgroup"), "subgroup");
});

test("what is not measured in time is left to the order, and is not measured the next time", async () => {
  const device = await gpu();
  const programs = [productOf(device)];
  const over = await fillTable(device, NONE, programs, { within: 0, signal: going() });
  assert.equal([over.size, leftIn(over)], [1, 1]);
  const again = await fillTable(device, over, programs, { within: 60_000, signal: going() });
  assert.is(again.size, 0);
  const inTime = await fillTable(device, NONE, programs, { within: 60_000, signal: going() });
  assert.ok([...inTime.values()].every(isMeasured));
  const stopped = fillTable(device, NONE, programs, {
    within: 60_000,
    signal: AbortSignal.abort(),
  });
  const error = await stopped.catch((reason: unknown) => reason);
  assert.is((error as Error).name, "AbortError");
});

test("the programs of a training: step, evaluation and prediction; of a frozen base its pass and its head's", async () => {
  const device = await gpu();
  const dataset = smallDataset(12);
  const of = (config: Parameters<typeof programsOfModel>[1]["config"]) =>
    programsOfModel(device, { config, dataset, batchSize: 4, optimizer: adam() });
  const whole = of({ name: "lenet5", activation: "relu", pooling: "max" });
  assert.equal(
    whole.map(({ name }) => name),
    ["lenet5.train.4", "lenet5.evaluate.12", "lenet5.predict.12"],
  );
  // Both convolutions forward, at two batch sizes; one dx; two dw.
  const ladders = [...problemsOf(whole).values()].map(({ ladder }) => ladder);
  const count = (name: string) => ladders.filter((ladder) => ladder === name).length;
  assert.equal(["conv2d.forward", "conv2d.dx", "conv2d.dw"].map(count), [4, 1, 2]);
});

test.run();
