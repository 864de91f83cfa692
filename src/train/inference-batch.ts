// How many rows a model is given at a time where no gradient is wanted.

import { sizeOf } from "../engine/core/shape.ts";
import { describeModel, type Model } from "../engine/layers/model.ts";

const MOST_ROWS = 500;
/** Of the largest layer's output: well below the least binding of all adapters, and kind to caches. */
const LARGEST_BYTES = 48 * 2 ** 20;

/** As many as keep the largest layer's output small; a small model gets 500. */
export function inferenceBatch(model: Model): number {
  const { layers } = describeModel(model);
  const largest = Math.max(1, ...layers.map(({ outputShape }) => 4 * sizeOf(outputShape)));
  return Math.max(1, Math.min(MOST_ROWS, Math.floor(LARGEST_BYTES / largest)));
}
