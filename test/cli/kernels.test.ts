// `train --kernels` as a process: a run says which kernels it was recorded with, and another one repeats it by them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chooseKernels } from "../../src/cli/inputs/kernel-tables.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { rungsOfRun, settingOf, writeRungs } from "../../src/runs/kernel-table.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("kernels of a run");
const data = smallIdxFolder({ train: 40, test: 10 });
const LENET = { name: "lenet5", activation: "relu", pooling: "max" } as const;
const VARIANT = "tiled 32x32/4x4/8";
const OUTPUT = "gemm 20 × 84 · 84 × 10, bias";

test("a training goes on with the kernels that it was begun with, whatever is measured or given later", async () => {
  const device = await gpu();
  const [out, other] = [temporaryFolder(), temporaryFolder()];
  const request = { config: LENET, dataset: smallDataset(8), batchSize: 4, optimizer: adam() };
  const choose = (isResumed: boolean, kernels?: string) =>
    chooseKernels(
      device,
      { out, isResumed },
      {
        flags: { kernels, tune: true, exact: false },
        ...{ say: () => undefined, signal: new AbortController().signal, programs: request },
        env: { VITRINE_KERNELS: "order" },
      },
    );
  const none = new Map();
  assert.equal(await choose(false), none);
  assert.is(await rungsOfRun(out), null);
  // Of no program here: the device is that of other tests too.
  const rungs = new Map([["gemm of nobody", "naive"]]);
  await writeRungs(other, settingOf(device), rungs);
  const errorOf = (work: Promise<unknown>) => work.then(String, (error: Error) => error.message);
  const refusal = `--kernels: a training goes on with its own kernels, got ${other}`;
  assert.is(await errorOf(choose(true, other)), refusal);
  assert.equal(await choose(false, other), rungs);
  assert.is(device.rungTable.choiceFor("gemm of nobody"), "naive");
  assert.equal(await rungsOfRun(out), rungs);
  assert.equal(await choose(true), rungs);
  assert.equal(await choose(true, other), rungs);
  await writeRungs(other, settingOf(device), new Map([["gemm of nobody", "tiled"]]));
  assert.is(await errorOf(choose(true, other)), refusal);
});

test("a training uses the table that it is given, records it, and is repeated by its folder", async () => {
  const folder = temporaryFolder();
  await writeRungs(folder, settingOf(await gpu()), new Map([[OUTPUT, VARIANT]]));
  const small = ["--data", data, "--epochs", "1", "--batch-size", "20", "--validation", "0"];
  const train = async (out: string, kernels: string) => {
    const args = [...small, "--out", join(folder, out), "--kernels", kernels];
    const { code, stdout, stderr } = await runToEnd("train", args);
    assert.is(code, 0, stderr);
    assert.match(stdout, /^kernels +those of /m);
    const read = (name: string) => JSON.parse(readFileSync(join(folder, out, name), "utf8"));
    return { kernels: read("kernels.json"), sha256: read("metrics.json").weightsSha256 };
  };
  const first = await train("first", folder);
  assert.is(first.kernels.problems[OUTPUT].rung, VARIANT);
  const second = await train("second", join(folder, "first"));
  assert.equal(second.kernels, first.kernels);
  assert.is(second.sha256, first.sha256);
});

test.run();
