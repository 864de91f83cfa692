// Keras's CategoricalCrossentropy of class labels; without smoothing that is SparseCategoricalCrossentropy. It takes in the
// softmax before it (softmax-cross-entropy.ts).

import { UsageError } from "../../core/errors.ts";
import { softmaxCrossEntropy } from "../softmax-cross-entropy.ts";
import type { Loss } from "./loss.ts";
import { checkSmoothing } from "./smoothing.ts";

/** Of both cross-entropies. */
export interface CrossentropyConfig {
  /** The share of a target that is spread over all classes; from 0, the default, to below 1. */
  readonly labelSmoothing?: number;
}

/** Of classes that exclude each other. */
export function categoricalCrossentropy({ labelSmoothing = 0 }: CrossentropyConfig = {}): Loss {
  const name = "categorical_crossentropy";
  checkSmoothing(name, labelSmoothing);
  return {
    name,
    takesMixed: true,
    record(rec, { output, targets, rowWeights, sums }) {
      if (targets.kind !== "classes") {
        throw new UsageError(`${name}: takes a class a row, got rows of numbers`, {
          help: "binaryCrossentropy, meanSquaredError, meanAbsoluteError and huber take those",
        });
      }
      const { labels, mixed } = targets;
      const options = { rowWeights, labelSmoothing, mixed, sums };
      const { loss, rowLoss, isCounted, ...hits } = softmaxCrossEntropy(
        rec,
        output,
        labels,
        options,
      );
      return { loss, rowLoss, isCounted, figure: { kind: "hits", labels, ...hits } };
    },
  };
}
