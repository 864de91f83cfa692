// A data set as programs read it: uploaded once as bytes where the device has room for it, else brought for each step
// (rows/row-stream.ts). Or what a frozen base made of it (frozen-base.ts).

import { type Dataset, firstRows } from "../data/dataset.ts";
import type { Device } from "../engine/core/device.ts";
import { VitrineError } from "../engine/core/errors.ts";
import type { Tensor } from "../engine/core/tensor.ts";
import type { Feed, RowSource } from "../engine/ops/gather.ts";
import type { Prediction } from "../models/own-model.ts";
import { type HostRows, plainBytes, rowsInMemory } from "./rows/host-rows.ts";
import {
  isStreaming,
  type Placing,
  placeWhole,
  placeWithin,
  type Streaming,
} from "./rows/place-rows.ts";
import { type DataFeed, RowStream } from "./rows/row-stream.ts";

export interface DeviceData {
  /** Tells it from other data sets on the device: `fashion-mnist/train`. */
  readonly name: string;
  /** On the device; or on the host, from where rows are brought for each step. */
  readonly source: RowSource | HostRows;
  /** Why rows are brought; none where they lie on the device. */
  readonly streaming?: Streaming | undefined;
  /** (rows) u8, or u32. */
  readonly labels: Tensor;
  readonly rows: number;
  /** (K) f32: what a row of each class counts for in the loss, while training; default: all 1. */
  readonly classWeights?: Tensor | undefined;
  /** (rows) f32: what each row counts for in the loss; default: all 1. */
  readonly sampleWeights?: Tensor | undefined;
  /** What a model should give, where that is no class: see Feed. */
  readonly targets?: Feed["targets"] | HostRows;
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

/** Whole on the device, whatever its budget: for few rows, and where memory is known to do. */
export function uploadDataset(device: Device, dataset: Dataset): DeviceData {
  const parts = placeWhole(device, placingOf(dataset));
  return { ...labelled(device, dataset), source: imageSource(parts) };
}

/** On the device where it has room for the images; else they stay on the host, and are streamed. */
export async function placeDataset(device: Device, dataset: Dataset): Promise<DeviceData> {
  const placing = placingOf(dataset);
  const placed = await placeWithin(device, [placing]);
  const data = labelled(device, dataset);
  if (isStreaming(placed)) return { ...data, source: placing.rows, streaming: placed };
  return { ...data, source: imageSource(placed[0] ?? []) };
}

function placingOf({ name, images, height, width, channels }: Dataset): Placing {
  const rows = rowsInMemory(images, [height, width, channels]);
  const labelOf = (part: number) => `${name}.images${part === 0 ? "" : `.${part + 1}`}`;
  return { rows, labelOf };
}

function labelled(device: Device, dataset: Dataset) {
  const { name, rows } = dataset;
  return { name, labels: uploadLabels(device, dataset), rows };
}

/** Images in parts, as a batch is gathered from. */
export function imageSource([images, ...more]: readonly Tensor[]): RowSource {
  if (!images) throw new VitrineError("rows: there must be some, got none");
  return { kind: "images", images, ...(more.length > 0 ? { more } : {}) };
}

export function uploadLabels(device: Device, { name, labels, rows }: Dataset): Tensor {
  const label = `${name}.labels`;
  return labels instanceof Uint8Array
    ? device.tensor([rows], label, plainBytes(labels), "u8")
    : device.tensor([rows], label, labels.slice(), "u32");
}

/** Rows of which a model should give what it predicts: the pictures themselves, or else their classes. */
export function forPrediction(data: DeviceData, predicts: Prediction): DeviceData {
  return predicts === "picture" ? { ...data, targets: "input" } : data;
}

/** What a feed is made for. */
export interface FeedUse {
  /** Rows of a pass, at most. */
  readonly capacity: number;
  /** Rows of a step, at most. */
  readonly batch: number;
  readonly label: string;
}

/** A way to read a data set in an order of one's own. */
export function createFeed(device: Device, data: DeviceData, use: FeedUse): DataFeed {
  const { capacity, label } = use;
  return {
    ...rowsOfFeed(device, data, use),
    labels: data.labels,
    order: device.tensor([capacity], `${label}.order`, undefined, "u32"),
    clock: device.tensor([2], `${label}.clock`, undefined, "u32"),
    classWeights: data.classWeights,
    sampleWeights: data.sampleWeights,
  };
}

function rowsOfFeed(device: Device, { source, targets }: DeviceData, use: FeedUse) {
  if (source.kind !== "host") {
    if (isOnHost(targets)) throw new VitrineError(TOGETHER);
    return { source, targets, stream: null };
  }
  if (targets !== undefined && targets !== "input" && !isOnHost(targets)) {
    throw new VitrineError(TOGETHER);
  }
  const targetRows = isOnHost(targets) ? targets : undefined;
  const stream = new RowStream(device, { ...use, source, targets: targetRows });
  const { window, slots } = stream;
  return {
    source: source.dtype === "u8" ? imageSource([window]) : featureSource([window]),
    targets: stream.targets ? [stream.targets] : targets === "input" ? targets : undefined,
    ...{ stream, slots },
  };
}

const TOGETHER = "rows: rows and their targets lie on the device together, or on the host";

function isOnHost(rows: DeviceData["targets"]): rows is HostRows {
  return typeof rows === "object" && "kind" in rows;
}

/** Rows of float32 in parts, as a batch is gathered from. */
export function featureSource(parts: readonly Tensor[]): RowSource {
  return { kind: "features", parts };
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
export function rewindFeed(device: Device, feed: DataFeed, rows: Uint32Array<ArrayBuffer>): void {
  device.write(feed.order, rows);
  device.write(feed.clock, new Uint32Array(1), 4);
  if (feed.stream) feed.stream.order = rows;
}
