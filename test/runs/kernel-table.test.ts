// The file of kernels: what it keeps, what of it counts, and what its digests are of.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Kernel } from "../../src/engine/core/kernel.ts";
import type { RungChoices } from "../../src/engine/core/rung-table.ts";
import { persistentTensor } from "../../src/engine/core/tensor.ts";
import { kernelsOfLadder, LADDERS } from "../../src/engine/ops/ladders.ts";
import type { Capabilities } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import type { MeasuredProblems } from "../../src/inspect/rungs/measure-rungs.ts";
import {
  addMeasured,
  differenceOf,
  givenTable,
  type KernelSetting,
  readMeasured,
  rungsIn,
  settingOf,
  tableOf,
  tableOfRun,
  writeTable,
} from "../../src/runs/kernel-table.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { type BenchProblem, inHalves, waysOf } from "../gpu-kernels/check-case.ts";
import { problemsOf } from "../gpu-kernels/problems.ts";
import { gpu } from "../support/gpu.ts";

const test = suite("kernel table");
const NONE: MeasuredProblems = new Map();

const SETTING: KernelSetting = {
  ...{ adapter: "a", driver: "d", dawn: "1" },
  kernels: { gemm: "g", "conv2d.dw": "w" },
};
const CHOSEN = {
  rung: "tiled",
  ordered: "naive",
  ms: { naive: 2, tiled: 1 },
  refused: ["subgroup"],
};

const COARSE = { ...CHOSEN, rung: "naive", variantsLeft: true };

test("the file keeps what was measured, and counts for nothing on another adapter", async () => {
  const path = join(temporaryFolder(), "kernels", "a.json");
  assert.equal(await readMeasured(path, SETTING), { measured: NONE, setAside: null });
  await addMeasured(path, SETTING, new Map([["gemm x", CHOSEN]]));
  const all = await addMeasured(path, SETTING, new Map([["gemm y", COARSE]]));
  assert.equal([...all.keys()], ["gemm x", "gemm y"]);
  assert.equal(await readMeasured(path, SETTING), { measured: all, setAside: null });
  for (const [name, words] of [
    ["driver", "another driver, d"],
    ["dawn", "another dawn, 1"],
  ] as const) {
    const { measured: none, setAside } = await readMeasured(path, { ...SETTING, [name]: "new" });
    assert.is(none.size, 0);
    assert.is(setAside, `${path}: was measured with ${words}`);
  }
  const whole = readFileSync(path, "utf8");
  for (const [text, words] of [
    [whole.slice(0, 40), "must be JSON"],
    [whole.replace('"rung": "tiled"', '"rung": 3'), "problems.gemm x.rung must be text, got 3"],
    [whole.replace('"naive": 2', '"naive": -2'), "must be at least 0"],
    [whole.replace('"format": 2', '"format": 3'), "was written by a newer Vitrine"],
    [whole.replace('"gemm": "g"', '"gemm": 1'), "kernels"],
  ] as const) {
    assert.not.equal(text, whole);
    writeFileSync(path, text);
    const { measured: none, setAside } = await readMeasured(path, SETTING);
    assert.is(none.size, 0);
    assert.ok(setAside?.includes(words), setAside ?? "nothing");
  }
});

test("where a ladder has other kernels, what was measured of the other ladders counts, and is kept", async () => {
  const path = join(temporaryFolder(), "a.json");
  const both: MeasuredProblems = new Map([
    ["gemm x", CHOSEN],
    ["conv2d.dw y", COARSE],
  ]);
  await addMeasured(path, SETTING, both);
  const now = { ...SETTING, kernels: { gemm: "g", "conv2d.dw": "new", "conv2d.dx": "x" } };
  const { measured: kept, setAside } = await readMeasured(path, now);
  assert.equal([...kept.keys()], ["gemm x"]);
  assert.is(setAside, `${path}: was measured with other kernels of conv2d.dw than today's`);
  // A ladder without problems in the table says nothing of it.
  const all = await addMeasured(path, now, new Map([["conv2d.dx z", CHOSEN]]));
  assert.equal([...all.keys()], ["gemm x", "conv2d.dx z"]);
  assert.equal(await readMeasured(path, now), { measured: all, setAside: null });
});

test("a table of before is read, says so, and counts for nothing as what was measured", async () => {
  const folder = temporaryFolder();
  const old = { ...tableOf(SETTING, new Map([["gemm x", "tiled"]])), format: 1, kernels: "k" };
  const path = join(folder, "kernels.json");
  writeFileSync(path, JSON.stringify(old));
  const given = await givenTable(folder, SETTING);
  assert.equal(rungsIn(given), new Map([["gemm x", "tiled"]]));
  const words = "is of an earlier Vitrine, which did not say which ladder had which kernels";
  assert.is(differenceOf(given, SETTING), words);
  assert.equal(await readMeasured(path, SETTING), {
    measured: NONE,
    setAside: `${path}: ${words}`,
  });
  // What is taken of it stays as it was written, so that the run that it repeats can be gone on with.
  await writeTable(folder, tableOf(given, new Map([["gemm x", "tiled"]])));
  assert.equal(await tableOfRun(folder), given);
});

test("a run's kernels are read back, refused on another adapter, and noted with another driver", async () => {
  const out = temporaryFolder();
  assert.is(await tableOfRun(out), null);
  const rungs: RungChoices = new Map([["gemm x", "tiled"]]);
  const table = tableOf(SETTING, rungs);
  await writeTable(out, table);
  assert.equal(await tableOfRun(out), table);
  assert.equal(rungsIn(await givenTable(out, SETTING)), rungs);
  assert.is(differenceOf(table, SETTING), null);
  const newer = { ...SETTING, driver: "new" };
  const given = await givenTable(join(out, "kernels.json"), newer);
  assert.is(differenceOf(given, newer), "was measured with another driver, d");
  const errorOf = async (path: string, setting: KernelSetting) =>
    givenTable(path, setting).then(String, (error: Error) => error.message);
  assert.match(
    await errorOf(out, { ...SETTING, adapter: "b" }),
    /^kernels: must be of the adapter b, got .* of a$/,
  );
  const none = join(out, "none");
  assert.is(
    await errorOf(none, SETTING),
    `kernels: must be a table of kernels or a run's folder, got ${none}`,
  );
});

test("the setting names the adapter, its driver, Dawn, and a digest of each ladder's kernels", async () => {
  const device = await gpu();
  const { adapter, dawn, kernels } = settingOf(device);
  assert.is(adapter, device.name);
  assert.match(dawn, /^\d+\.\d+\.\d+/);
  assert.equal(
    Object.keys(kernels),
    LADDERS.map(({ name }) => name),
  );
  for (const digest of Object.values(kernels)) assert.match(digest, /^[0-9a-f]{64}$/);
  assert.is(new Set(Object.values(kernels)).size, LADDERS.length);
});

test("a change of a shader changes the digests of the ladders that dispatch it, or have a part of theirs solved by it", async () => {
  const device = await gpu();
  const changedBy = (file: string, ladder: string) => {
    const { own } = kernelsOfLadder(ladder, device.subgroupSize);
    const shader = [...own].find((kernel) => kernel.shader.file === file)?.shader;
    if (!shader) throw new Error(`${ladder} dispatches nothing of ${file}`);
    const before = settingOf(device).kernels;
    const { text } = shader;
    Object.assign(shader, { text: `${text}// changed\n` });
    const after = settingOf(device).kernels;
    Object.assign(shader, { text });
    assert.equal(settingOf(device).kernels, before);
    return LADDERS.map(({ name }) => name).filter((name) => before[name] !== after[name]);
  };
  assert.equal(changedBy("conv2d/dw-subgroup", "conv2d.dw"), ["conv2d.dw"]);
  assert.equal(changedBy("conv2d/subgroup", "conv2d.dx"), ["conv2d.forward", "conv2d.dx"]);
  const plain = ["conv2d.forward", "conv2d.dx", "conv2d.dw"];
  assert.equal(changedBy("gemm/subgroup", "gemm"), [...plain, "gemm"]);
  assert.equal(
    changedBy("conv2d/sliding", "grouped-conv2d.dx"),
    LADDERS.map(({ name }) => name).filter((name) => name.startsWith("grouped")),
  );
});

/** Of a GPU with matrices, so that no rung is missing. */
const MATRIX = { rows: 8, columns: 8, depth: 8 };
const EVERY: Capabilities = {
  ...{ subgroupSize: 8, isSoftware: false },
  matrices: { f16: MATRIX, f32: MATRIX },
};

/** What is dispatched for the problem, whichever rung or variant solves it. */
function dispatchedFor(problem: BenchProblem, ladder: string): readonly Kernel[] {
  const { rungs, variants } = waysOf(problem, ladder, EVERY);
  return [...rungs, ...variants].flatMap((rung) => {
    const options = { name: "all", capabilities: EVERY, rungs: { [ladder]: rung } };
    const rec = new Recorder(options);
    problem.record(rec, {
      tensor: (shape, label, _, dtype) => persistentTensor(shape, label, dtype),
    });
    return rec.finish().dispatches.map(({ kernel }) => kernel);
  });
}

/** Of whose switches one pass or another is compiled from the same text. */
const OF_PASS = ["DX", "DW", "GRADIENT", "TRANSPOSED", "TURNED"];

/** A kernel's text and what of it is compiled, but for how operands are stored and what is done to the result. */
function nameOf({ label, flags = {} }: Kernel): string {
  return [label, ...OF_PASS.filter((name) => flags[name])].join(" ");
}

for (const { name: ladder } of LADDERS) {
  test(`whatever ${ladder} dispatches is in its digest`, () => {
    const kernelsOf = (name: string): readonly string[] => {
      const { own, within } = kernelsOfLadder(name, EVERY.subgroupSize);
      return [...[...own].map(nameOf), ...within.flatMap(kernelsOf)];
    };
    const known = new Set(kernelsOf(ladder));
    const problems = problemsOf(ladder, false).flatMap((problem) => [problem, inHalves(problem)]);
    const dispatched = problems.flatMap((problem) => dispatchedFor(problem, ladder));
    assert.ok(dispatched.length > 10);
    const missing = dispatched.map(nameOf).filter((name) => !known.has(name));
    assert.equal([...new Set(missing)], []);
  });
}

test.run();
