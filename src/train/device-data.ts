// A data set on the device: uploaded once as bytes, read by the programs themselves from then on.
// Or what a frozen base made of it (frozen-base.ts).

import { type Dataset, firstRows } from "../data/dataset.ts";
import type { Device } from "../engine/core/device.ts";
import type { Tensor } from "../engine/core/tensor.ts";
import type { Feed, RowSource } from "../engine/ops/gather.ts";

export interface DeviceData {
  /** Tells it from other data sets on the device: `fashion-mnist/train`. */
  readonly name: string;
  readonly source: RowSource;
  /** (rows) u8. */
  readonly labels: Tensor;
  readonly rows: number;
  /** (K) f32: what a row of each class counts for in the loss, while training; default: all 1. */
  readonly classWeights?: Tensor | undefined;
}

/** Some rows of such a data set, by number. */
export interface DataRows {
  readonly data: DeviceData;
  readonly rows: Uint32Array<ArrayBuffer>;
}

/** Every row, in order. */
export function allRows(data: DeviceData): DataRows {
  return { data, rows: firstRows(data.rows) };
}

export function uploadDataset(device: Device, dataset: Dataset): DeviceData {
  const { name, rows, height, width, channels } = dataset;
  const images = device.tensor(
    [rows, height, width, channels],
    `${name}.images`,
    bytes(dataset.images),
    "u8",
  );
  return { name, source: { kind: "images", images }, labels: uploadLabels(device, dataset), rows };
}

export function uploadLabels(device: Device, { name, labels, rows }: Dataset): Tensor {
  return device.tensor([rows], `${name}.labels`, bytes(labels), "u8");
}

/** A way to read a data set in an order of one's own, of at most `capacity` rows a pass. */
export function createFeed(
  device: Device,
  data: DeviceData,
  capacity: number,
  label: string,
): Feed {
  return {
    source: data.source,
    labels: data.labels,
    order: device.tensor([capacity], `${label}.order`, undefined, "u32"),
    clock: device.tensor([2], `${label}.clock`, undefined, "u32"),
    classWeights: data.classWeights,
  };
}

/** The same data, whose rows count by the weight of their class. */
export function withClassWeights(
  device: Device,
  data: DeviceData,
  weights: Float32Array<ArrayBuffer>,
): DeviceData {
  const classWeights = device.tensor([weights.length], `${data.name}.classWeights`, weights);
  return { ...data, classWeights };
}

/**
 * Weights at which every class counts alike: rows / (K · rows of the class), after scikit-learn's
 * compute_class_weight("balanced"). A class without rows gets 1.
 */
export function balancedClassWeights(
  labels: ArrayLike<number>,
  { rows, classes }: { readonly rows: ArrayLike<number>; readonly classes: number },
): Float32Array<ArrayBuffer> {
  const counts = new Float64Array(classes);
  for (const row of Array.from(rows)) {
    const label = labels[row] ?? 0;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return Float32Array.from(counts, (count) => (count > 0 ? rows.length / (classes * count) : 1));
}

/** Sets the rows that the next pass reads, and starts it; the step counter goes on. */
export function rewindFeed(device: Device, feed: Feed, rows: Uint32Array<ArrayBuffer>): void {
  device.write(feed.order, rows);
  device.write(feed.clock, new Uint32Array(1), 4);
}

/** WebGPU takes views of plain ArrayBuffers only. */
function bytes(view: Uint8Array): Uint8Array<ArrayBuffer> {
  return view.buffer instanceof ArrayBuffer
    ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    : new Uint8Array(view);
}
