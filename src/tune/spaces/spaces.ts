// The search spaces that can be named on the command line, one for each model that has one.

import type { ModelName } from "../../models/models.ts";
import type { HyperModel } from "../hyper-parameters.ts";
import { lenet5Space, type TrainingPlan } from "./lenet5.ts";

export const SPACES: Readonly<Partial<Record<ModelName, HyperModel<TrainingPlan>>>> = {
  lenet5: lenet5Space,
};
