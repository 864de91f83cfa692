// A table of kernels for `--kernels`: the gradient of one of LeNet-5's last layers is naive's by it, which sums that of the bias in another
// order: whoever does not take it comes to other weights. The very last one's is a product of its own only with large batches.

import { programsOfPlan } from "../../src/cli/inputs/kernel-tables.ts";
import { keyOfSolution } from "../../src/engine/ops/ladders.ts";
import { programsOfModel } from "../../src/inspect/rungs/programs-of-model.ts";
import { settingOf, tableOf, writeTable } from "../../src/runs/kernel-table.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { gpu } from "./gpu.ts";
import { smallDataset } from "./small-data.ts";

/** Its folder. */
export async function naiveTable(batchSize: number): Promise<string> {
  const device = await gpu();
  const model = { name: "lenet5", activation: "relu", pooling: "max" } as const;
  const plan = { model, training: { batchSize, learningRate: 1e-3 } };
  const [step] = programsOfModel(device, programsOfPlan(plan, smallDataset(2 * batchSize)));
  const faster = (step?.solutions ?? []).filter(({ rung }) => rung !== "naive");
  const keys = faster
    .map(keyOfSolution)
    .filter((key) => /^gemm .* × (?:10|84), .*sums of b$/.test(key));
  if (keys.length === 0) throw new Error("naive table: must be other than the order's");
  const folder = temporaryFolder();
  const rungs = new Map(keys.map((key) => [key, "naive"]));
  await writeTable(folder, tableOf(settingOf(device), rungs));
  return folder;
}
