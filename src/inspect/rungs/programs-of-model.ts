// The programs that a training of a model records, for whoever measures what they are made of: its training step, its
// evaluation and its prediction; of a network with a frozen base, the base's pass by itself and those of its head. The last,
// smaller batches of an epoch are not among them. Ladders are climbed before products take residuals on, so the problems here are without.

import { type Dataset, limitRows } from "../../data/dataset.ts";
import type { Device } from "../../engine/core/device.ts";
import { describeModel, type Model } from "../../engine/layers/model.ts";
import type { Precision } from "../../engine/layers/variables.ts";
import type { Loss } from "../../engine/ops/loss/loss.ts";
import type { Optimizer } from "../../engine/optim/optimizer.ts";
import type { Program } from "../../engine/program/program.ts";
import {
  createModel,
  createTransferModel,
  isTransfer,
  type ModelConfig,
} from "../../models/models.ts";
import { type DeviceData, uploadDataset, uploadLabels } from "../../train/device-data.ts";
import { inferenceBatch } from "../../train/inference-batch.ts";
import { programOfStep, type StepSetup } from "../step.ts";

export interface ProgramsRequest {
  readonly config: ModelConfig;
  readonly dataset: Dataset;
  /** Of the training step. */
  readonly batchSize: number;
  readonly optimizer: Optimizer;
  readonly loss?: Loss | undefined;
  /** Of the training step; the others compute in float32. */
  readonly precision?: Precision | undefined;
}

/** Records them; nothing is compiled. */
export function programsOfModel(parent: Device, request: ProgramsRequest): readonly Program[] {
  const { config, dataset, batchSize } = request;
  const device = parent.scope();
  try {
    if (!isTransfer(config) || config.freeze !== "base") {
      const model = createModel(config);
      const most = Math.max(batchSize, inferenceBatch(model));
      const data = uploadDataset(device, limitRows(dataset, most));
      return programsOn(device, { ...request, model, data });
    }
    const { base, head } = createTransferModel(config);
    const images = uploadDataset(device, limitRows(dataset, inferenceBatch(base)));
    const pass = { model: base, data: images, kind: "predict", batchSize: images.rows } as const;
    const data = featuresOf(device, {
      base,
      dataset,
      rows: Math.max(batchSize, inferenceBatch(head)),
    });
    return [recorded(device, pass), ...programsOn(device, { ...request, model: head, data })];
  } finally {
    device.destroy();
  }
}

type OnData = ProgramsRequest & { readonly model: Model; readonly data: DeviceData };

function programsOn(device: Device, request: OnData): readonly Program[] {
  const { model, data, batchSize, optimizer, loss, precision } = request;
  const inference = Math.min(inferenceBatch(model), data.rows);
  return [
    recorded(device, { model, data, kind: "train", batchSize, optimizer, loss, precision }),
    recorded(device, { model, data, kind: "evaluate", batchSize: inference, loss }),
    recorded(device, { model, data, kind: "predict", batchSize: inference }),
  ];
}

function recorded(device: Device, setup: StepSetup): Program {
  return programOfStep(device, { ...setup, joinsResiduals: false });
}

interface Features {
  readonly base: Model;
  readonly dataset: Dataset;
  readonly rows: number;
}

/** Room for what the base would make of so many rows: of a recording, only the shapes count. */
function featuresOf(device: Device, { base, dataset, rows: most }: Features): DeviceData {
  const { name, rows } = limitRows(dataset, most);
  const shape = [rows, ...describeModel(base).outputShape];
  const parts = [device.tensor(shape, `${name}.features`)];
  const labels = uploadLabels(device, limitRows(dataset, most));
  return { name: `${name}.features`, source: { kind: "features", parts }, labels, rows };
}
