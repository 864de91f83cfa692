// Losses of each element by itself, averaged over a row: Keras's BinaryCrossentropy, MeanSquaredError, MeanAbsoluteError and
// Huber. The formulas stand in elementwise-loss.wgsl.
//   output (N, …) f32   targets: labels (N) u32, or values of the output's shape   ->   loss ()   rowLoss (N)
// The mean over a row and then over the batch is Keras's mean over the last axis and then over all others.

import shader from "../../../shaders/elementwise-loss.wgsl";
import { ShapeError, UsageError } from "../../core/errors.ts";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { formatShape, sameShape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import { ROW_LANES, type RowLanes, rowLanes } from "../softmax.ts";
import { checkRowWeights, recordMeanLoss } from "../softmax-cross-entropy.ts";
import type { CrossentropyConfig } from "./categorical-crossentropy.ts";
import { logitsOf } from "./logits.ts";
import type { Loss, LossRequest, LossResults, RowFigure } from "./loss.ts";
import { checkSmoothing } from "./smoothing.ts";

/** As the shader counts them. */
const KINDS = {
  mean_squared_error: 0,
  mean_absolute_error: 1,
  huber: 2,
  binary_crossentropy: 3,
} as const;

interface Elementwise {
  readonly name: keyof typeof KINDS;
  readonly labelSmoothing?: number;
  readonly delta?: number;
}

/** Of outputs that are each a yes or a no. After a sigmoid it is computed from what that was applied to. */
export function binaryCrossentropy({ labelSmoothing = 0 }: CrossentropyConfig = {}): Loss {
  const name = "binary_crossentropy";
  checkSmoothing(name, labelSmoothing);
  return elementwise({ name, labelSmoothing });
}

/** (y − t)². */
export function meanSquaredError(): Loss {
  return elementwise({ name: "mean_squared_error" });
}

/** |y − t|. */
export function meanAbsoluteError(): Loss {
  return elementwise({ name: "mean_absolute_error" });
}

/** Squared where |y − t| is at most `delta` (a number above 0, default 1), and linear beyond. */
export function huber({ delta = 1 }: { readonly delta?: number } = {}): Loss {
  if (!(delta > 0 && Number.isFinite(delta))) {
    throw new UsageError(`huber: delta is a number above 0, got ${delta}`);
  }
  return elementwise({ name: "huber", delta });
}

function elementwise(kind: Elementwise): Loss {
  const record: Loss["record"] = (rec, request) => recordLoss(rec, kind, request);
  return { name: kind.name, takesMixed: true, record };
}

function recordLoss(rec: Recorder, kind: Elementwise, request: LossRequest): LossResults {
  const { output, targets } = request;
  checkShapes(kind.name, request);
  const found = kind.name === "binary_crossentropy" ? logitsOf(rec, output) : null;
  const y = found?.logits ?? output;
  const dy = rec.isWatched(y) ? rec.allocate(y.shape, "dy") : null;
  const results = rec.folding(found?.layers ?? [], () =>
    recordRows(rec, kind, { ...request, y, dy, isLogit: found !== null }),
  );
  const loss = recordMeanLoss(rec, results.rowLoss, kind.name);
  if (dy) {
    rec.watchResult(loss);
    rec.tape.push({
      op: kind.name,
      origin: rec.origin,
      forward: rec.writerOf(results.rowLoss),
      inputs: [y, targets.kind === "classes" ? targets.labels : targets.values],
      output: loss,
      isLoss: true,
      backward: () => [dy, null],
    });
  }
  return { loss, ...results };
}

function checkShapes(name: string, { output, targets, rowWeights }: LossRequest): void {
  const [rows = 0] = output.shape;
  checkRowWeights(name, rowWeights, rows);
  if (targets.kind === "values") {
    if (sameShape(targets.values.shape, output.shape)) return;
    throw new ShapeError(
      `${name}: targets are of the output's shape, got ${formatShape(targets.values.shape)} ` +
        `for ${formatShape(output.shape)}`,
    );
  }
  const { shape, dtype } = targets.labels;
  if (output.shape.length === 2 && shape.length === 1 && shape[0] === rows && dtype === "u32")
    return;
  throw new ShapeError(
    `${name}: takes one u32 label for each row of outputs (N, K), got outputs ` +
      `${formatShape(output.shape)} and ${dtype} labels ${formatShape(shape)}`,
  );
}

interface Rows extends LossRequest {
  readonly y: Tensor;
  readonly dy: Tensor | null;
  readonly isLogit: boolean;
}

function recordRows(
  rec: Recorder,
  { name, labelSmoothing = 0, delta = 1 }: Elementwise,
  { y, dy, isLogit, targets, rowWeights }: Rows,
): Omit<LossResults, "loss"> {
  const [rows = 0] = y.shape;
  const elements = sizeOf(y.shape) / rows;
  const lanes = rowLanes(rec.capabilities, elements);
  const rowLoss = rec.allocate([rows], "rowLoss");
  const { figure, bind } = allocateFigure(rec, rows, targets);
  const mixed = targets.kind === "classes" ? targets.mixed : undefined;
  rec.dispatch({
    op: name,
    kernel: forwardKernel(lanes, {
      HAS_GRADIENT: dy !== null,
      HAS_LABELS: targets.kind === "classes",
      HAS_ROW_WEIGHTS: rowWeights !== null,
      IS_MIXED: mixed !== undefined,
    }),
    grid: linearGrid(rows * lanes, 64),
    bind: {
      ...{ y, row_loss: rowLoss, ...bind },
      ...(rowWeights && { row_weights: rowWeights }),
      ...(mixed && { mixed }),
      ...(dy && { dy }),
    },
    params: {
      ...{ rows, elements, kind: KINDS[name], smoothing: labelSmoothing },
      ...{ delta, is_logit: isLogit ? 1 : 0 },
    },
    flops: (dy ? 8 : 6) * sizeOf(y.shape),
  });
  return { rowLoss, figure };
}

function allocateFigure(
  rec: Recorder,
  rows: number,
  targets: LossRequest["targets"],
): { readonly figure: RowFigure; readonly bind: Readonly<Record<string, Tensor>> } {
  if (targets.kind === "values") {
    const rowError = rec.allocate([rows], "rowError");
    const bind = { targets: targets.values, row_error: rowError };
    return { figure: { kind: "errors", rowError }, bind };
  }
  const { labels } = targets;
  const rowHit = rec.allocate([rows], "rowHit", "u32");
  const predicted = rec.allocate([rows], "predicted", "u32");
  const bind = { labels, row_hit: rowHit, predicted };
  return { figure: { kind: "hits", rowHit, predicted, labels }, bind };
}

type Flags = Readonly<
  Record<"HAS_GRADIENT" | "HAS_LABELS" | "HAS_ROW_WEIGHTS" | "IS_MIXED", boolean>
>;

function forwardKernel(lanes: RowLanes, flags: Flags): Kernel {
  return kernelFrom(shader, "forward", { flags, constants: { LANES: lanes } });
}

/** Every kernel that this file dispatches. */
export function* elementwiseLossKernels(): Iterable<Kernel> {
  for (const lanes of ROW_LANES) {
    for (const HAS_GRADIENT of [true, false]) {
      for (const HAS_LABELS of [true, false]) {
        for (const HAS_ROW_WEIGHTS of [true, false]) {
          const flags = { HAS_GRADIENT, HAS_LABELS, HAS_ROW_WEIGHTS };
          yield forwardKernel(lanes, { ...flags, IS_MIXED: false });
          if (HAS_GRADIENT && HAS_LABELS) yield forwardKernel(lanes, { ...flags, IS_MIXED: true });
        }
      }
    }
  }
}
