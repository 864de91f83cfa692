// statistics.json: what is written is what is read, and a damaged file is refused by name.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError } from "../../src/engine/core/errors.ts";
import { loadStatistics, StatisticsFile } from "../../src/runs/statistics-file.ts";
import type { StepStatistics } from "../../src/train/step-statistics.ts";
import { temporaryFolder } from "../data/sample-files.ts";

const test = suite("statistics file");
const folder = temporaryFolder();

function runFolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

const STEP: StepStatistics = {
  ...{ step: 5, gradientNorm: 1.5, updateRatios: { "dense/kernel": 0.25 } },
  entries: [
    {
      ...{ measured: "weights", layer: "dense", name: "dense/kernel", elements: 4 },
      ...{ finite: 3, nonFinite: 1, zeros: 0, mean: 0.5, deviation: 0.1, min: 0, max: 1 },
      histogram: [1, 0, 2],
    },
  ],
};

test("written after an epoch, read back", async () => {
  const out = runFolder("whole");
  const file = new StatisticsFile(out);
  file.onStatistics(STEP, 1);
  file.onStatistics({ ...STEP, step: 10, gradientNorm: Number.NaN }, 2);
  assert.equal(await loadStatistics(out), []);
  await file.onEpochEnd();
  assert.equal(await loadStatistics(out), [
    { ...STEP, epoch: 1 },
    { ...STEP, step: 10, epoch: 2, gradientNorm: null },
  ]);
});

test("nothing measured, no file", async () => {
  const out = runFolder("none");
  await new StatisticsFile(out).onTrainEnd();
  assert.equal(await loadStatistics(out), []);
});

for (const [what, text] of [
  ["no JSON", "{"],
  ["another form", '{"format":1,"steps":[{"step":"x"}]}'],
  ["a newer one", '{"format":2,"steps":[]}'],
] as const) {
  test(`refused: ${what}`, async () => {
    const out = runFolder(what);
    writeFileSync(join(out, "statistics.json"), text);
    try {
      await loadStatistics(out);
      assert.unreachable("it was read");
    } catch (error) {
      assert.instance(error, FormatError);
      assert.match((error as Error).message, "statistics.json: ");
    }
  });
}

test.run();
