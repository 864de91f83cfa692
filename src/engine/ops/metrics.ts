// The metric pass of a program: running sums on the device, read by the host now and then. Keras's epoch loss is
// Σ batch loss · batch size / Σ batch size, penalties included; accuracy is hits / rows, and mae Σ row error / rows.

import shader from "../../shaders/metrics.wgsl";
import type { Device } from "../core/device.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Recorder } from "../program/recorder.ts";
import type { LossResults } from "./loss/loss.ts";

/** Running sums on the device. */
export interface Meters {
  /** (1) f32. */
  readonly lossSum: Tensor;
  /** (hits, rows) u32. */
  readonly counts: Tensor;
  /** (K, K) u32, [label, predicted]; null where targets are no classes. */
  readonly confusion: Tensor | null;
  /** (1) f32, where targets are numbers. */
  readonly errorSum?: Tensor | null;
}

/** What the rows of a batch came to; a loss gives these. */
export interface RowResults extends Pick<LossResults, "rowLoss" | "figure" | "isCounted"> {
  /** Scalar added to every row's loss, if there is one. */
  readonly penalty: Tensor | null;
}

export interface MetricValues {
  /** Mean over rows. */
  readonly loss: number;
  /** Share of rows whose largest output is the label's, in float32 as Keras divides; NaN where targets are no classes. */
  readonly accuracy: number;
  /** Mean absolute error, where targets are no classes. */
  readonly mae?: number;
  readonly rows: number;
}

/** `classes`: how many the model tells apart; null where targets are numbers. */
export function createMeters(device: Device, classes: number | null): Meters {
  return {
    lossSum: device.tensor([1], "meters.loss"),
    counts: device.tensor([2], "meters.counts", undefined, "u32"),
    confusion: classes
      ? device.tensor([classes, classes], "meters.confusion", undefined, "u32")
      : null,
    errorSum: classes ? null : device.tensor([1], "meters.error"),
  };
}

export function resetMeters(device: Device, meters: Meters): void {
  for (const tensor of [meters.lossSum, meters.counts, meters.confusion, meters.errorSum]) {
    if (tensor) device.write(tensor, new Uint8Array(tensor.storage.bytes));
  }
}

export async function readMeters(device: Device, meters: Meters): Promise<MetricValues> {
  const { errorSum = null } = meters;
  const [lossBytes, countBytes, errorBytes] = await Promise.all([
    device.read(meters.lossSum),
    device.read(meters.counts),
    errorSum && device.read(errorSum),
  ]);
  const [sum = 0] = new Float32Array(lossBytes);
  const [hits = 0, rows = 0] = new Uint32Array(countBytes);
  const loss = sum / rows;
  if (!errorBytes) return { loss, accuracy: Math.fround(hits / rows), rows };
  const [errors = 0] = new Float32Array(errorBytes);
  return { loss, accuracy: Number.NaN, mae: Math.fround(errors / rows), rows };
}

/** Counts by [label][predicted]; none where targets are no classes. */
export async function readConfusion(
  device: Device,
  { confusion }: Meters,
): Promise<readonly (readonly number[])[]> {
  if (!confusion) return [];
  const [classes = 0] = confusion.shape;
  const counts = [...new Uint32Array(await device.read(confusion), 0, classes * classes)];
  return Array.from({ length: classes }, (_, label) =>
    counts.slice(label * classes, (label + 1) * classes),
  );
}

/** Records the adding of one batch; with `confusion` the matrix is counted too. */
export function recordMeters(
  rec: Recorder,
  meters: Meters,
  rows: RowResults,
  options: { readonly confusion: boolean },
): void {
  const { figure } = rows;
  const { confusion } = meters;
  const [batch = 0] = rows.rowLoss.shape;
  const [classes = 0] = confusion?.shape ?? [];
  rec.inPass("metric", () => {
    if (!rows.isCounted) recordSums(rec, meters, rows);
    if (!options.confusion || figure.kind === "errors" || !confusion) return;
    const { labels, predicted } = figure;
    rec.dispatch({
      op: "metrics",
      kernel: CONFUSION,
      grid: [ceilDiv(classes, 64), 1, 1],
      bind: { labels, predicted, confusion },
      params: { batch, classes },
      touched: { confusion: 4 * Math.min(batch, classes ** 2) },
    });
  });
}

function recordSums(rec: Recorder, meters: Meters, { rowLoss, figure, penalty }: RowResults): void {
  const { lossSum, counts, errorSum } = meters;
  const [batch = 0] = rowLoss.shape;
  rec.dispatch({
    op: "metrics",
    kernel: accumulateKernel(penalty !== null, figure.kind === "errors"),
    grid: [1, 1, 1],
    bind: {
      row_loss: rowLoss,
      ...(figure.kind === "hits" ? { row_hit: figure.rowHit } : { row_error: figure.rowError }),
      loss_sum: lossSum,
      counts,
      ...(errorSum && { error_sum: errorSum }),
      ...(penalty && { penalty }),
    },
    params: { batch, classes: 0 },
  });
}

const CONFUSION: Kernel = kernelFrom(shader, "count_confusion");

function accumulateKernel(HAS_PENALTY: boolean, HAS_ERRORS: boolean): Kernel {
  return kernelFrom(shader, "accumulate", { flags: { HAS_PENALTY, HAS_ERRORS } });
}

export function* metricsKernels(): Iterable<Kernel> {
  for (const hasPenalty of [false, true]) {
    for (const hasErrors of [false, true]) yield accumulateKernel(hasPenalty, hasErrors);
  }
  yield CONFUSION;
}
