// The metric pass of a program: running sums on the device, read by the host now and then. Keras's epoch loss is
// Σ batch loss · batch size / Σ batch size, penalties included; accuracy is hits / rows.

import shader from "../../shaders/metrics.wgsl";
import type { Device } from "../core/device.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Recorder } from "../program/recorder.ts";

/** Running sums on the device. */
export interface Meters {
  /** (1) f32. */
  readonly lossSum: Tensor;
  /** (hits, rows) u32. */
  readonly counts: Tensor;
  /** (K, K) u32, [label, predicted]. */
  readonly confusion: Tensor;
}

/** What the rows of a batch came to; `softmaxCrossEntropy` gives these. */
export interface RowResults {
  readonly rowLoss: Tensor;
  readonly rowHit: Tensor;
  readonly predicted: Tensor;
  readonly labels: Tensor;
  /** Scalar added to every row's loss, if there is one. */
  readonly penalty: Tensor | null;
}

export interface MetricValues {
  /** Mean over rows. */
  readonly loss: number;
  /** Share of rows whose largest probability is the label's, in float32 as Keras divides. */
  readonly accuracy: number;
  readonly rows: number;
}

export function createMeters(device: Device, classes: number): Meters {
  return {
    lossSum: device.tensor([1], "meters.loss"),
    counts: device.tensor([2], "meters.counts", undefined, "u32"),
    confusion: device.tensor([classes, classes], "meters.confusion", undefined, "u32"),
  };
}

export function resetMeters(device: Device, meters: Meters): void {
  for (const tensor of [meters.lossSum, meters.counts, meters.confusion]) {
    device.write(tensor, new Uint8Array(tensor.storage.bytes));
  }
}

export async function readMeters(device: Device, meters: Meters): Promise<MetricValues> {
  const [lossBytes, countBytes] = await Promise.all([
    device.read(meters.lossSum),
    device.read(meters.counts),
  ]);
  const [sum = 0] = new Float32Array(lossBytes);
  const [hits = 0, rows = 0] = new Uint32Array(countBytes);
  return { loss: sum / rows, accuracy: Math.fround(hits / rows), rows };
}

/** Counts by [label][predicted]. */
export async function readConfusion(
  device: Device,
  meters: Meters,
): Promise<readonly (readonly number[])[]> {
  const [classes = 0] = meters.confusion.shape;
  const counts = [...new Uint32Array(await device.read(meters.confusion), 0, classes * classes)];
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
  const { rowLoss, rowHit, predicted, labels, penalty } = rows;
  const { lossSum, counts, confusion } = meters;
  const [batch = 0] = rowLoss.shape;
  const [classes = 0] = confusion.shape;
  const params = { batch, classes };
  rec.inPass("metric", () => {
    rec.dispatch({
      op: "metrics",
      kernel: accumulateKernel(penalty !== null),
      grid: [1, 1, 1],
      bind: {
        row_loss: rowLoss,
        row_hit: rowHit,
        loss_sum: lossSum,
        counts,
        ...(penalty ? { penalty } : {}),
      },
      params,
    });
    if (!options.confusion) return;
    rec.dispatch({
      op: "metrics",
      kernel: CONFUSION,
      grid: [ceilDiv(classes, 64), 1, 1],
      bind: { labels, predicted, confusion },
      params,
      touched: { confusion: 4 * Math.min(batch, classes ** 2) },
    });
  });
}

const CONFUSION: Kernel = kernelFrom(shader, "count_confusion");

function accumulateKernel(hasPenalty: boolean): Kernel {
  return kernelFrom(shader, "accumulate", { flags: { HAS_PENALTY: hasPenalty } });
}

export function* metricsKernels(): Iterable<Kernel> {
  yield accumulateKernel(false);
  yield accumulateKernel(true);
  yield CONFUSION;
}
