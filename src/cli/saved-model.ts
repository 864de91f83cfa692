// Brings a saved run back onto a device, for the commands that use a trained model.

import type { Device } from "../engine/core/device.ts";
import { describeModel } from "../engine/layers/model.ts";
import { Variables } from "../engine/layers/variables.ts";
import { createModel } from "../models/models.ts";
import { loadRun, type RunConfig } from "../report/run-folder.ts";
import type { DeviceData } from "../train/device-data.ts";
import { Evaluator } from "../train/evaluator.ts";

export interface SavedModel {
  readonly config: RunConfig;
  /** For the data that the model was declared with, or any of the same image size. */
  readonly evaluatorFor: (device: Device, data: DeviceData) => Evaluator;
}

/** Reads the run first, so that a wrong folder is told before anything slow happens. */
export async function loadModel(run: string): Promise<SavedModel> {
  const { config, weights } = await loadRun(run);
  const model = createModel(config.model);
  describeModel(model);
  return {
    config,
    evaluatorFor: (device, data) => {
      const variables = new Variables(0);
      const evaluator = new Evaluator({ device, model, variables });
      evaluator.declare(data);
      variables.materialise(device);
      variables.load(device, weights);
      return evaluator;
    },
  };
}
