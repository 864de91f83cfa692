// What each row of a batch counts for in the loss: the weight of its class, times its own. (The formula stands in
// row-weights.wgsl.) The loss is divided by the number of rows, not by the sum of weights, as Keras does.

import shader from "../../../shaders/row-weights.wgsl";
import { ShapeError } from "../../core/errors.ts";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv, formatShape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Recorder } from "../../program/recorder.ts";
import type { Feed } from "../gather.ts";

export interface RowWeightsRequest {
  readonly feed: Feed;
  /** (N) u32. */
  readonly labels: Tensor;
  /** Of the model: there must be as many class weights. */
  readonly classes: number;
  /** Whether the weights of the classes count too, as in training. */
  readonly ofClasses: boolean;
}

/** Records the weights (N) f32 of a batch that is read from `feed`; null where every row counts alike. */
export function recordRowWeights(
  rec: Recorder,
  { feed, labels, classes, ofClasses }: RowWeightsRequest,
): Tensor | null {
  const { order, clock, sampleWeights } = feed;
  const classWeights = ofClasses ? feed.classWeights : undefined;
  if (!(classWeights || sampleWeights)) return null;
  if (classWeights && sizeOf(classWeights.shape) !== classes) {
    const got = formatShape(classWeights.shape);
    throw new ShapeError(`row-weights: takes a weight for each of ${classes} classes, got ${got}`);
  }
  const [batch = 0] = labels.shape;
  const weights = rec.allocate([batch], "rowWeights");
  rec.inPass("data", () =>
    rec.dispatch({
      op: "row-weights",
      kernel: kernel(classWeights !== undefined, sampleWeights !== undefined),
      grid: [ceilDiv(batch, 64), 1, 1],
      bind: {
        ...(classWeights && { labels, class_weights: classWeights }),
        ...(sampleWeights && { sample_weights: sampleWeights, order, clock }),
        row_weights: weights,
      },
      params: { batch, classes },
      ...(sampleWeights && { touched: { sample_weights: 4 * batch, order: 4 * batch } }),
    }),
  );
  return weights;
}

function kernel(OF_CLASSES: boolean, OF_SAMPLES: boolean): Kernel {
  return kernelFrom(shader, "weigh", { flags: { OF_CLASSES, OF_SAMPLES } });
}

/** Every kernel that this file dispatches. */
export function* rowWeightsKernels(): Iterable<Kernel> {
  yield kernel(true, false);
  yield kernel(false, true);
  yield kernel(true, true);
}
