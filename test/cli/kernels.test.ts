// Which kernels are recorded: a run says those that it was recorded with, and another one repeats it by them; workers have those of
// their chief (kfold-workers.test.ts and tune-workers.test.ts train by them).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  chooseKernels,
  chooseLooking,
  programsOfPlan,
  useChiefsKernels,
} from "../../src/cli/inputs/kernel-tables.ts";
import type { RungChoices } from "../../src/engine/core/rung-table.ts";
import { settingOf, tableOf, tableOfRun, writeTable } from "../../src/runs/kernel-table.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("kernels of a run");
const data = smallIdxFolder({ train: 40, test: 10 });
const VARIANT = "tiled 32x32/4x4/8";
const OUTPUT = "gemm 20 × 84 · 84 × 10, bias";
const setting = settingOf(await gpu());
// Of no program here: the device is that of other tests too.
const NOBODYS = new Map([["gemm of nobody", "naive"]]);
const OTHERS = new Map([["gemm of nobody", "tiled"]]);
const ORDER = { VITRINE_KERNELS: "order" };

const errorOf = (work: Promise<unknown>) => work.then(String, (error: Error) => error.message);

async function folderWith(rungs: RungChoices, adapter = setting.adapter): Promise<string> {
  const folder = temporaryFolder();
  await writeTable(folder, tableOf({ ...setting, adapter }, rungs));
  return folder;
}

test("work goes on with the kernels that it was begun with, whatever is measured or given later", async () => {
  const device = await gpu();
  const [out, other] = [temporaryFolder(), await folderWith(NOBODYS)];
  const model = { name: "lenet5", activation: "relu", pooling: "max" } as const;
  const plan = { model, training: { batchSize: 4, learningRate: 1e-3 } };
  const programs = programsOfPlan(plan, smallDataset(8));
  const choose = (isResumed: boolean, kernels?: string, on: typeof device | null = device) =>
    chooseKernels(
      on,
      { out, isResumed },
      {
        flags: { kernels, tune: true, exact: false },
        ...{ say: () => undefined, signal: new AbortController().signal, programs, env: ORDER },
      },
    );
  assert.is(await choose(false), null);
  assert.is(await tableOfRun(out), null);
  const refusal = `--kernels: what was begun goes on with its own kernels, got ${other}`;
  assert.is(await errorOf(choose(true, other)), refusal);
  const table = tableOf(setting, NOBODYS);
  assert.equal(await choose(false, other), table);
  assert.is(device.rungTable.choiceFor("gemm of nobody"), "naive");
  assert.equal(await tableOfRun(out), table);
  assert.equal(await choose(true), table);
  assert.equal(await choose(true, other), table);
  // A chief of a queue has no device.
  assert.equal(await choose(true, undefined, null), table);
  assert.equal(await choose(false, other, null), table);
  assert.match(await errorOf(choose(true, await folderWith(OTHERS))), /its own kernels, got/);
  device.rungTable.replace(new Map());
});

test("a worker has its chief's kernels and no others, and says where they are another adapter's", async () => {
  const device = await gpu();
  const told: string[] = [];
  const use = (rungs: RungChoices | null, adapter = setting.adapter) =>
    useChiefsKernels(device, rungs && tableOf({ ...setting, adapter }, rungs), (line) =>
      told.push(line),
    );
  use(NOBODYS);
  assert.equal(device.rungTable.chosen, NOBODYS);
  use(OTHERS);
  assert.equal(device.rungTable.chosen, OTHERS);
  assert.equal(told, []);
  use(NOBODYS, "another");
  assert.match(told.join(), /measured with another adapter, another: the bits may be others/);
  use(null);
  assert.is(device.rungTable.chosen.size, 0);
});

test("a look at a run takes the run's own kernels, where they are of this adapter", async () => {
  const device = await gpu();
  const told: string[] = [];
  const chosen = async (run: string | null, given: { kernels?: string; tune?: boolean } = {}) => {
    device.rungTable.replace(new Map());
    const flags = { kernels: undefined, tune: true, exact: false, ...given };
    await chooseLooking(device, run, { flags, say: (line) => told.push(line), env: ORDER });
    return new Map(device.rungTable.chosen);
  };
  const run = await folderWith(NOBODYS);
  assert.equal(await chosen(run), NOBODYS);
  assert.is((await chosen(run, { tune: false })).size, 0);
  assert.is((await chosen(temporaryFolder())).size, 0);
  assert.is((await chosen(null)).size, 0);
  assert.equal(told, []);
  assert.is((await chosen(await folderWith(NOBODYS, "another"))).size, 0);
  assert.match(told.join(), /are those of another: the built-in order is used here/);
  assert.equal(await chosen(run, { kernels: await folderWith(OTHERS) }), OTHERS);
  device.rungTable.replace(new Map());
});

const jsonOf = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));
const small = ["--data", data, "--epochs", "1", "--batch-size", "20"];

async function done(command: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runToEnd(command, args);
  assert.is(code, 0, stderr);
  return stdout;
}

const folder = temporaryFolder();

test("a training uses the table that it is given, records it, and is repeated and scored by its folder", async () => {
  const train = async (name: string, kernels: string) => {
    const out = join(folder, name);
    const args = [...small, "--validation", "0", "--out", out, "--kernels", kernels];
    assert.match(await done("train", args), /^kernels +those of /m);
    return { kernels: jsonOf(out, "kernels.json"), metrics: jsonOf(out, "metrics.json") };
  };
  const first = await train("first", await folderWith(new Map([[OUTPUT, VARIANT]])));
  assert.is(first.kernels.problems[OUTPUT].rung, VARIANT);
  const second = await train("second", join(folder, "first"));
  assert.equal(second.kernels, first.kernels);
  assert.is(second.metrics.weightsSha256, first.metrics.weightsSha256);
  const scored = await done("evaluate", [join(folder, "first"), "--data", data, "--json"]);
  assert.is(JSON.parse(scored).loss, first.metrics.testLoss);
  const rungs = async (...flags: readonly string[]) => {
    const found = await done("profile", [
      join(folder, "first"),
      "--data",
      data,
      "--json",
      ...flags,
    ]);
    const { dispatches } = JSON.parse(found) as {
      dispatches: { solution: { rung: string } | null }[];
    };
    return dispatches.map(({ solution }) => solution?.rung);
  };
  assert.ok((await rungs()).includes(VARIANT), "the step that was trained");
  assert.not.ok((await rungs("--no-tune")).includes(VARIANT));
});

test.run();
