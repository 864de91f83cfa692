// Softmax cross-entropy with sparse labels: a loss, so a root of the tape, whose gradient is 1.
//   rowLoss[n] = logsumexp(logits[n]) − logits[n, label[n]]     loss = mean of rowLoss (Keras: SUM_OVER_BATCH_SIZE)
//   dlogits = (softmax(logits) − onehot) / N
//   logits (N,K)   labels (N) u32   ->   loss ()   rowLoss (N)   rowHit, predicted (N) u32
// With row weights w (N): rowLoss[n] and dlogits[n] are multiplied by w[n]; N stays the divisor.
// With label smoothing s, the target is onehot · (1 − s) + s / K: Keras's CategoricalCrossentropy(label_smoothing=s).
// Of mixed rows the target is λ · onehot + (1 − λ) · the partner's onehot (see mixup.ts), before smoothing, so the loss is
// λ · that of the label + (1 − λ) · that of the partner's.
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
  /** Whether the batch was added to `sums`. */
  readonly isCounted: boolean;
}

const NAME = "softmax-cross-entropy";

export interface CrossEntropyOptions {
  /** (N) f32; default all 1. */
  readonly rowWeights?: Tensor | null | undefined;
  /** From 0, the default, to below 1. */
  readonly labelSmoothing?: number | undefined;
  /** (N, 2) f32, share and partner, see mixup.ts; default: no row is mixed with another. */
  readonly mixed?: Tensor | null | undefined;
  /** Running sums that the batch is to be added to in the same kernel, where that can be; default: none. */
  readonly sums?: RunningSums | null | undefined;
}

/** Of batches: (1) f32, and (hits, rows) u32. */
export interface RunningSums {
  readonly lossSum: Tensor;
  readonly counts: Tensor;
}

/**
 * Records the loss of a batch. Given the output of a softmax, it takes that op's input instead, as Keras does: exact
 * where the probabilities have vanished. The gradient is written in the same pass, when the logits are watched.
 */
export function softmaxCrossEntropy(
  rec: Recorder,
  output: Tensor,
  labels: Tensor,
  options: CrossEntropyOptions = {},
): CrossEntropy {
  const { rowWeights = null, labelSmoothing: smoothing = 0, mixed = null, sums = null } = options;
  const producer = producerOf(rec, output);
  const softmaxInput = producer?.op === softmax.name ? producer.inputs[0] : undefined;
  const logits = softmaxInput ?? output;
  const [rows] = shape2(logits.shape, NAME);
  checkRowWeights(NAME, rowWeights, rows);
  if (labels.shape.length !== 1 || labels.shape[0] !== rows || labels.dtype !== "u32") {
    throw new ShapeError(
      `${NAME}: takes one u32 label a row, got logits ${formatShape(logits.shape)} and ` +
        `${labels.dtype} labels ${formatShape(labels.shape)}`,
    );
  }
  const dlogits = rec.isWatched(logits) ? rec.allocate(logits.shape, "dlogits") : null;
  const folded = softmaxInput && producer ? producer.origin.layers : [];
  const results = rec.folding(folded, () =>
    recordRows(rec, { logits, labels, dlogits, rowWeights, smoothing, mixed, sums }),
  );
  const loss = recordMeanLoss(rec, results.rowLoss, NAME);
  if (dlogits) {
    rec.watchResult(loss);
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
  readonly rowWeights: Tensor | null;
  readonly smoothing: number;
  readonly mixed: Tensor | null;
  readonly sums: RunningSums | null;
}

function recordRows(
  rec: Recorder,
  { logits, labels, dlogits, rowWeights, smoothing, mixed, sums }: Rows,
): Omit<CrossEntropy, "loss"> {
  const [rows, classes] = shape2(logits.shape, NAME);
  const lanes = rowLanes(rec.capabilities, classes);
  const rowLoss = rec.allocate([rows], "rowLoss");
  const rowHit = rec.allocate([rows], "rowHit", "u32");
  const predicted = rec.allocate([rows], "predicted", "u32");
  // One workgroup has all rows, and sums them as metrics.wgsl would. (With weights it would bind more than some adapters do.)
  const isOneGroup = lanes === 1 && rows <= 64 && !rowWeights && !mixed;
  const counted = rec.fuses && isOneGroup ? sums : null;
  const bind = {
    ...{ logits, labels, row_loss: rowLoss, row_hit: rowHit, predicted },
    ...(rowWeights && { row_weights: rowWeights }),
    ...(mixed && { mixed }),
    ...(counted && { loss_sum: counted.lossSum, counts: counted.counts }),
  };
  rec.dispatch({
    op: NAME,
    kernel: forwardKernel(lanes, {
      HAS_GRADIENT: dlogits !== null,
      HAS_ROW_WEIGHTS: rowWeights !== null,
      HAS_SMOOTHING: smoothing > 0,
      IS_MIXED: mixed !== null,
      COUNTED: counted !== null,
    }),
    grid: linearGrid(rows * lanes, 64),
    bind: dlogits ? { ...bind, dlogits } : bind,
    params: { rows, classes, smoothing },
    flops: (dlogits ? 9 : 5) * sizeOf(logits.shape),
  });
  return { rowLoss, rowHit, predicted, isCounted: counted !== null };
}

/** Records the mean of the losses of the rows, shape (). `op`: whose loss it is. */
export function recordMeanLoss(rec: Recorder, rowLoss: Tensor, op: string): Tensor {
  const loss = rec.allocate([], "loss");
  const rows = sizeOf(rowLoss.shape);
  rec.dispatch({
    op,
    kernel: MEAN,
    grid: [1, 1, 1],
    bind: { losses: rowLoss, loss },
    params: { rows, classes: 0, smoothing: 0 },
    flops: rows,
  });
  return loss;
}

const MEAN: Kernel = kernelFrom(shader, "mean");

/** Throws ShapeError where there is not a weight a row. */
export function checkRowWeights(where: string, weights: Tensor | null, rows: number): void {
  if (!weights || sizeOf(weights.shape) === rows) return;
  const got = formatShape(weights.shape);
  throw new ShapeError(`${where}: takes a weight for each of ${rows} rows, got ${got}`);
}

/** Switches of the kernel of the rows. */
type Flags = Readonly<
  Record<"HAS_GRADIENT" | "HAS_ROW_WEIGHTS" | "HAS_SMOOTHING" | "IS_MIXED" | "COUNTED", boolean>
>;

function forwardKernel(lanes: RowLanes, flags: Flags): Kernel {
  return kernelFrom(shader, "forward", { flags, constants: { LANES: lanes } });
}

/** Every kernel that this file dispatches. */
export function* softmaxCrossEntropyKernels(): Iterable<Kernel> {
  for (const lanes of ROW_LANES) {
    for (const HAS_GRADIENT of [true, false]) {
      for (const HAS_ROW_WEIGHTS of [true, false]) {
        for (const HAS_SMOOTHING of [true, false]) {
          const flags = { HAS_GRADIENT, HAS_ROW_WEIGHTS, HAS_SMOOTHING, COUNTED: false };
          yield forwardKernel(lanes, { ...flags, IS_MIXED: false });
          if (HAS_GRADIENT) yield forwardKernel(lanes, { ...flags, IS_MIXED: true });
        }
      }
    }
  }
  for (const HAS_GRADIENT of [true, false]) {
    for (const HAS_SMOOTHING of [true, false]) {
      const flags = { HAS_ROW_WEIGHTS: false, IS_MIXED: false, COUNTED: true };
      yield forwardKernel(1, { ...flags, HAS_GRADIENT, HAS_SMOOTHING });
    }
  }
  yield MEAN;
}
