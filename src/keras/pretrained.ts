// The weights of a base out of a file that Keras wrote, with or without Keras's classifier.

import { describeModel, type Model } from "../engine/layers/model.ts";
import type { Weights } from "../engine/layers/variables.ts";
import { fileDigest } from "../io/file-digest.ts";
import { assignWeights, type TargetLayer } from "./assign-weights.ts";
import { openWeightFile, type WeightFile } from "./weight-file.ts";

export interface PretrainedWeights {
  /** Of the file, in hex. */
  readonly sha256: string;
  readonly weights: Weights;
}

/** Reads every variable of `base`. Throws FormatError for a file that does not fit it. */
export async function readPretrained(path: string, base: Model): Promise<PretrainedWeights> {
  const file = await openWeightFile(path);
  try {
    const { layers } = describeModel(base);
    const weights = new Map(assignWeights(file, layers, { by: orderOf(file, layers) }));
    return { sha256: await fileDigest(path, "sha256"), weights };
  } finally {
    await file.close();
  }
}

/** By name where the file has every layer of the base, so that one with a classifier serves as well. */
function orderOf(file: WeightFile, layers: readonly TargetLayer[]): "name" | "order" {
  const names = new Set(file.layers.map((layer) => layer.name));
  const needed = layers.filter(({ weights }) => weights.length > 0);
  return needed.every(({ name }) => names.has(name)) ? "name" : "order";
}
