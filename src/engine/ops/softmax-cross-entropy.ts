// Softmax cross-entropy with sparse labels: a loss, so a root of the tape, whose gradient is 1.
//   rowLoss[n] = logsumexp(logits[n]) − logits[n, label[n]]     loss = mean of rowLoss (Keras: SUM_OVER_BATCH_SIZE)
//   dlogits = (softmax(logits) − onehot) / N
//   logits (N,K)   labels (N) u32   ->   loss ()   rowLoss (N)   rowHit, predicted (N) u32
// With class weights w (K), Keras's `class_weight`: rowLoss[n] and dlogits[n] are multiplied by w[label[n]]; N stays the divisor.
// Labels are not checked here; one that is no class makes its row's loss NaN.

import shader from "../../shaders/softmax-cross-entropy.wgsl";
import { ShapeError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { formatShape, shape2, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import { producerOf } from "../program/tape.ts";
import { ROW_LANES, type RowLanes, rowLanes, softmax } from "./softmax.ts";

export interface CrossEntropy {
  /** Mean over the rows, shape (). */
  readonly loss: Tensor;
  readonly rowLoss: Tensor;
  /** 1 where the prediction is the label, else 0. */
  readonly rowHit: Tensor;
  /** The class of the largest logit; the first of several. */
  readonly predicted: Tensor;
}

const NAME = "softmax-cross-entropy";

/**
 * Records the loss of a batch. Given the output of a softmax, it takes that op's input instead, as Keras does: exact
 * where the probabilities have vanished. The gradient is written in the same pass, when the logits are watched.
 * `classWeights`: (K) f32; default all 1.
 */
export function softmaxCrossEntropy(
  rec: Recorder,
  output: Tensor,
  labels: Tensor,
  classWeights: Tensor | null = null,
): CrossEntropy {
  const producer = producerOf(rec, output);
  const softmaxInput = producer?.op === softmax.name ? producer.inputs[0] : undefined;
  const logits = softmaxInput ?? output;
  const [rows, classes] = shape2(logits.shape, NAME);
  if (classWeights && sizeOf(classWeights.shape) !== classes) {
    const got = formatShape(classWeights.shape);
    throw new ShapeError(`${NAME}: takes a weight for each of ${classes} classes, got ${got}`);
  }
  if (labels.shape.length !== 1 || labels.shape[0] !== rows || labels.dtype !== "u32") {
    throw new ShapeError(
      `${NAME}: takes one u32 label a row, got logits ${formatShape(logits.shape)} and ` +
        `${labels.dtype} labels ${formatShape(labels.shape)}`,
    );
  }
  const dlogits = rec.isWatched(logits) ? rec.allocate(logits.shape, "dlogits") : null;
  const folded = softmaxInput && producer ? producer.origin.layers : [];
  const results = rec.folding(folded, () =>
    recordRows(rec, { logits, labels, dlogits, classWeights }),
  );
  const loss = recordMean(rec, results.rowLoss);
  if (dlogits) {
    rec.watch(loss);
    rec.tape.push({
      op: NAME,
      origin: rec.origin,
      forward: rec.writerOf(results.rowLoss),
      inputs: [logits, labels],
      output: loss,
      isLoss: true,
      backward: () => [dlogits, null],
    });
  }
  return { loss, ...results };
}

interface Rows {
  readonly logits: Tensor;
  readonly labels: Tensor;
  readonly dlogits: Tensor | null;
  readonly classWeights: Tensor | null;
}

function recordRows(
  rec: Recorder,
  { logits, labels, dlogits, classWeights }: Rows,
): Omit<CrossEntropy, "loss"> {
  const [rows, classes] = shape2(logits.shape, NAME);
  const lanes = rowLanes(rec.capabilities, classes);
  const rowLoss = rec.allocate([rows], "rowLoss");
  const rowHit = rec.allocate([rows], "rowHit", "u32");
  const predicted = rec.allocate([rows], "predicted", "u32");
  const bind = {
    ...{ logits, labels, row_loss: rowLoss, row_hit: rowHit, predicted },
    ...(classWeights && { class_weights: classWeights }),
  };
  rec.dispatch({
    op: NAME,
    kernel: forwardKernel(lanes, {
      HAS_GRADIENT: dlogits !== null,
      HAS_CLASS_WEIGHTS: classWeights !== null,
    }),
    grid: linearGrid(rows * lanes, 64),
    bind: dlogits ? { ...bind, dlogits } : bind,
    params: { rows, classes },
    flops: (dlogits ? 9 : 5) * sizeOf(logits.shape),
  });
  return { rowLoss, rowHit, predicted };
}

function recordMean(rec: Recorder, rowLoss: Tensor): Tensor {
  const loss = rec.allocate([], "loss");
  const rows = sizeOf(rowLoss.shape);
  rec.dispatch({
    op: NAME,
    kernel: MEAN,
    grid: [1, 1, 1],
    bind: { losses: rowLoss, loss },
    params: { rows, classes: 0 },
    flops: rows,
  });
  return loss;
}

const MEAN: Kernel = kernelFrom(shader, "mean");

type Flags = { readonly HAS_GRADIENT: boolean; readonly HAS_CLASS_WEIGHTS: boolean };

function forwardKernel(lanes: RowLanes, flags: Flags): Kernel {
  return kernelFrom(shader, "forward", { flags, constants: { LANES: lanes } });
}

/** Every kernel that this file dispatches. */
export function* softmaxCrossEntropyKernels(): Iterable<Kernel> {
  for (const lanes of ROW_LANES) {
    for (const HAS_GRADIENT of [true, false]) {
      yield forwardKernel(lanes, { HAS_GRADIENT, HAS_CLASS_WEIGHTS: false });
      yield forwardKernel(lanes, { HAS_GRADIENT, HAS_CLASS_WEIGHTS: true });
    }
  }
  yield MEAN;
}
