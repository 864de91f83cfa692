// What a loss is: it compares what a model gives with what it should give, writes a loss a row and the gradient, and leaves a
// root on the tape. Each is a file beside this one; which it is, a training says.

import type { Tensor } from "../../core/tensor.ts";
import type { Recorder } from "../../program/recorder.ts";
import type { RunningSums } from "../softmax-cross-entropy.ts";

/** What the model should give for each row of a batch. */
export type Targets =
  /** A class: (N) u32. A loss of elements takes 1 at the label and 0 elsewhere; of one element the label itself, 0 or 1. */
  | {
      readonly kind: "classes";
      readonly labels: Tensor;
      /**
       * (N, 2) f32, (λ, partner): the row's target is λ · what its label says + (1 − λ) · what the partner's says, the partner being
       * a row of the batch. Default: the label alone. Only a loss that `takesMixed` is given it.
       */
      readonly mixed?: Tensor | undefined;
    }
  /** Numbers: f32 of the output's shape. */
  | { readonly kind: "values"; readonly values: Tensor };

/** What a loss compares. */
export interface LossRequest {
  /** What the model gives: (N, …). */
  readonly output: Tensor;
  readonly targets: Targets;
  /** (N) f32: what each row counts for; null where all count alike. The mean is over the rows, not over the weights. */
  readonly rowWeights: Tensor | null;
  /** Running sums of a metric pass that has nothing else to add: a loss may do its work, and says so. */
  readonly sums?: RunningSums | undefined;
}

/** What the rows of a batch came to. */
export interface LossResults {
  /** Mean over the rows, shape (). */
  readonly loss: Tensor;
  /** (N) f32. */
  readonly rowLoss: Tensor;
  readonly figure: RowFigure;
  /** Whether the batch has been added to the running sums; default false. */
  readonly isCounted?: boolean;
}

/** What is told beside the loss. */
export type RowFigure = RowHits | RowErrors;

/** Of classes: accuracy. */
export interface RowHits {
  readonly kind: "hits";
  /** (N) u32: 1 where the prediction is the label, of a mixed row the one with the larger share, else 0. */
  readonly rowHit: Tensor;
  /** (N) u32: the class of the largest output, the first of several; of one output, whether it is above 1/2. */
  readonly predicted: Tensor;
  /** (N) u32. */
  readonly labels: Tensor;
}

/** Of numbers: the mean absolute error. */
export interface RowErrors {
  readonly kind: "errors";
  /** (N) f32. */
  readonly rowError: Tensor;
}

/** A loss: one of those that there are, or your own. */
export interface Loss {
  /** As Keras writes it: `categorical_crossentropy`. */
  readonly name: string;
  /** Whether it heeds `mixed` of its targets; default false. */
  readonly takesMixed?: boolean;
  /** Records loss and gradient. Throws UsageError for targets that it does not take, ShapeError for shapes that do not fit. */
  record(rec: Recorder, request: LossRequest): LossResults;
}
