// What `train` does before it begins on a GPU: it measures the problems that the adapter's table lacks, within five seconds, and says
// what it leaves. The adapter is the one at hand, which says that it is a GPU; what it measures, it does measure.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chooseKernels, programsOfPlan, tableFileOf } from "../../src/cli/inputs/kernel-tables.ts";
import { Device } from "../../src/engine/core/device.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { sequential } from "../../src/engine/layers/model.ts";
import { flatten } from "../../src/engine/layers/shaping.ts";
import { leftIn } from "../../src/inspect/rungs/fill-table.ts";
import {
  isMeasured,
  type MeasuredProblems,
  problemsOf,
  RungMeasurement,
} from "../../src/inspect/rungs/measure-rungs.ts";
import {
  type ProgramsRequest,
  programsOfModel,
} from "../../src/inspect/rungs/programs-of-model.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { keras3Config } from "../../src/models/architecture/keras3.ts";
import type { ModelConfig } from "../../src/models/models.ts";
import { readMeasured, settingOf, tableOfRun } from "../../src/runs/kernel-table.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";
import { withTold } from "../support/told-adapter.ts";

const test = suite("kernels that a training measures");
const going = () => new AbortController().signal;

/** A device of a GPU with no table yet; the table goes when the work is done. */
async function onGpu(work: (device: Device) => Promise<void>): Promise<void> {
  const name = `Emulated GPU ${process.pid}`;
  const told = { device: name, description: name, architecture: "none", isFallbackAdapter: false };
  const device = await Device.open({ gpu: withTold((await gpu()).gpu, told) });
  const file = tableFileOf(device);
  rmSync(file, { force: true });
  try {
    assert.is(device.isSoftware, false);
    await work(device);
  } finally {
    rmSync(file, { force: true });
    device.destroy();
  }
}

function requestFor(model: ModelConfig, batchSize: number): ProgramsRequest {
  const plan = { model, training: { batchSize, learningRate: 1e-3 } };
  return programsOfPlan(plan, smallDataset(2 * batchSize));
}

/** Of few problems. */
const layers = [flatten(), dense({ units: 10, activation: "softmax" })];
const model = sequential("one layer", [28, 28, 1], layers);
const SMALL = requestFor({ name: "small", architecture: keras3Config(exportedModel(model)) }, 4);
const LENET5 = requestFor({ name: "lenet5", activation: "relu", pooling: "max" }, 64);

/** As `train` begins in a new folder; what it says, and the adapter's table after it. */
async function begin(device: Device, programs: ProgramsRequest, { tune = true } = {}) {
  const told: string[] = [];
  const out = temporaryFolder();
  device.rungTable.replace(new Map());
  const table = await chooseKernels(
    device,
    { out, isResumed: false },
    {
      flags: { kernels: undefined, tune, exact: false },
      ...{ say: (line) => told.push(line), signal: going(), programs, env: {} },
    },
  );
  const { measured } = await readMeasured(tableFileOf(device), settingOf(device));
  return { table, told: told.join("\n"), measured, recorded: await tableOfRun(out) };
}

function rungsOf(measured: MeasuredProblems): Record<string, { rung: string }> {
  return Object.fromEntries([...measured].map(([key, { rung }]) => [key, { rung }]));
}

test("what the table lacks is measured, taken, kept for the next training, and recorded in the run's folder", () =>
  onGpu(async (device) => {
    const problems = problemsOf(programsOfModel(device, SMALL));
    assert.ok(problems.size > 1);
    // Its pipelines are there by then: on a processor, compiling them takes longer than the five seconds are for.
    const before = new RungMeasurement(device, new Map(), going());
    for (const solution of problems.values()) await before.measure(solution);

    const first = await begin(device, SMALL);
    assert.ok([...problems.keys()].every((key) => first.measured.has(key)));
    assert.ok([...first.measured.values()].every(isMeasured), "all rungs were timed");
    assert.equal(first.table?.problems, rungsOf(first.measured));
    assert.equal(first.recorded, first.table);
    assert.equal(
      [...device.rungTable.chosen],
      [...first.measured].map(([key, { rung }]) => [key, rung]),
    );
    assert.match(first.told, `kernels    by measurement, ${first.measured.size} problems`);
    assert.is(first.told.includes("would take longer"), leftIn(first.measured) > 0);

    const written = readFileSync(tableFileOf(device), "utf8");
    const second = await begin(device, SMALL);
    assert.equal(second.table, first.table);
    assert.is(readFileSync(tableFileOf(device), "utf8"), written);
    assert.not.match(second.told, "would take longer");
  }));

test("what would take longer is left to the order for good, and said so", () =>
  onGpu(async (device) => {
    const start = performance.now();
    const first = await begin(device, LENET5);
    const seconds = (performance.now() - start) / 1000;
    // Whoever runs this on a processor compiles for far longer than the five seconds; a GPU may be done before.
    const left = leftIn(first.measured);
    if ((await gpu()).isSoftware) assert.ok(left > 0, `${left} left after ${seconds} s`);
    assert.is(
      first.told.includes(`note       ${left} problems would take longer to measure`),
      left > 0,
    );
    const problems = problemsOf(programsOfModel(device, LENET5));
    for (const [key, { rung }] of problems) {
      const found = first.measured.get(key);
      if (!found || isMeasured(found)) continue;
      assert.equal([found.rung, found.ordered], [rung, rung], key);
    }
    assert.ok([...problems.keys()].every((key) => first.measured.has(key)));
    const written = readFileSync(tableFileOf(device), "utf8");
    await begin(device, LENET5);
    assert.is(readFileSync(tableFileOf(device), "utf8"), written);
  }));

test("without --tune, and on a processor, nothing is measured", async () => {
  await onGpu(async (device) => {
    const { table, told, recorded } = await begin(device, SMALL, { tune: false });
    assert.equal([table, told, recorded], [null, "", null]);
    assert.not.ok(existsSync(tableFileOf(device)));
  });
  const device = await gpu();
  if (!device.isSoftware) return;
  const file = tableFileOf(device);
  const there = () => (existsSync(file) ? readFileSync(file, "utf8") : null);
  const before = there();
  const { told } = await begin(device, LENET5);
  assert.is(there(), before);
  assert.match(told, /^kernels {4}(the built-in order: npm run tune-kernels|by measurement)/);
  device.rungTable.replace(new Map());
});

test.run();
