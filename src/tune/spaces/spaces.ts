// The search space of each model that can be named on the command line.

import type { ModelConfig } from "../../models/models.ts";
import type { TrainingPlan } from "../../train/training.ts";
import type { HyperModel } from "../hyper-parameters.ts";
import { lenet5Space } from "./lenet5.ts";
import { transferSpace } from "./transfer.ts";

/** What a search varies, around a configuration that says the rest. */
export function searchSpace(config: ModelConfig): HyperModel<TrainingPlan> {
  return config.name === "lenet5" ? lenet5Space : transferSpace(config);
}
