// What the looks with a device have in common: their flags, and a step of LeNet-5 or of a saved run, open to be read.

import type { CommandContext } from "../../../src/cli/frame/command.ts";
import { loadData } from "../../../src/cli/inputs/data-set.ts";
import { loadModel } from "../../../src/cli/inputs/saved-model.ts";
import { ADAPTER_FLAG, DATA_FLAGS } from "../../../src/cli/inputs/shared-flags.ts";
import { limitRows } from "../../../src/data/dataset.ts";
import { type OpenStep, openStep, type StepKind } from "../../../src/inspect/step.ts";
import { startingWeights } from "../../../src/inspect/verify/starting-weights.ts";
import { openDevice } from "../../../src/io/adapter.ts";
import { lenet5 } from "../../../src/models/lenet5.ts";
import { uploadDataset } from "../../../src/train/device-data.ts";

export const LOOK_FLAGS = { ...DATA_FLAGS, ...ADAPTER_FLAG } as const;

export const RUN = [
  { name: "RUN", help: "folder of a saved run; default LeNet-5, untrained", optional: true },
] as const;

export type LookContext = CommandContext<typeof LOOK_FLAGS, typeof RUN>;

const SEED = 42;
const ROWS = 8;

/** Its tensors share no memory, so that each can be read. Rows are the first of the training images. */
export async function openLook(
  { flags, positionals: [run], terminal, say }: LookContext,
  kind: StepKind,
): Promise<OpenStep> {
  const { model, weights } = run === undefined ? untrained() : await loadModel(run);
  const data = await loadData(terminal, flags.data, flags);
  const device = await openDevice(flags.adapter ? { adapter: flags.adapter } : {});
  say(`adapter    ${device.name}`);
  say(`model      ${run ?? "LeNet-5, untrained; give a run's folder to look into that"}`);
  return openStep(device, {
    ...{ model, kind, batchSize: ROWS, seed: SEED },
    data: uploadDataset(device, limitRows(data.train, ROWS)),
    weights: startingWeights(model, SEED, weights),
    plan: { sharesSlots: false },
  });
}

function untrained() {
  return { model: lenet5(), weights: new Map() };
}
