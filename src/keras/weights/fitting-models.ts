// Which of the models that can be named here a file's weights fit. It compares names and shapes, and reads no data.

import { VitrineError } from "../../engine/core/errors.ts";
import { describeModel, type Model } from "../../engine/layers/model.ts";
import { MODEL_KINDS } from "../../models/models.ts";
import { matchWeights } from "./assign-weights.ts";
import type { WeightFile } from "./saved-weights.ts";

interface Candidate {
  /** `vgg19`, `vgg19 without top` */
  readonly label: string;
  readonly build: () => Model;
}

/** Of ImageNet; the size of the image decides the first dense weight of VGG, and nothing without top. */
const INPUT_SHAPE = [224, 224, 3] as const;

const CANDIDATES: readonly Candidate[] = MODEL_KINDS.flatMap(({ name, backbone, create }) => {
  if (!backbone) return [{ label: name, build: () => create({}) }];
  return [true, false].map((includeTop) => ({
    label: includeTop ? name : `${name} without top`,
    build: () => backbone.build({ inputShape: INPUT_SHAPE, includeTop }),
  }));
});

/** Their names, as people read them. */
export function fittingModels(file: Pick<WeightFile, "path" | "format" | "layers">): string[] {
  return CANDIDATES.filter(({ build }) => fits(file, build())).map(({ label }) => label);
}

export function fits(file: Pick<WeightFile, "path" | "format" | "layers">, model: Model): boolean {
  try {
    matchWeights(file, describeModel(model).layers);
    return true;
  } catch (error) {
    if (error instanceof VitrineError) return false;
    throw error;
  }
}
