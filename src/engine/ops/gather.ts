// The data pass of a program: one batch out of a data set that is resident on the device. No gradient flows into it.

import shader from "../../shaders/gather.wgsl";
import { ShapeError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, formatShape, type Shape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";

/** The rows of a data set: images as bytes, or what a frozen base made of them. */
export type RowSource =
  /** (rows, H, W, C) u8. */
  | { readonly kind: "images"; readonly images: Tensor }
  /** (rows of the part, …) f32 each, one after another; in parts because a binding has a limit. */
  | { readonly kind: "features"; readonly parts: readonly Tensor[] };

/** A data set on the device, and the order in which its rows are read. */
export interface Feed {
  readonly source: RowSource;
  /** (rows) u8. */
  readonly labels: Tensor;
  /** Row numbers, u32; read from the clock's cursor on. */
  readonly order: Tensor;
  /** (step, cursor) u32. */
  readonly clock: Tensor;
  /** (K) f32: what a row of each class counts for in a loss that is trained on; default: all 1. */
  readonly classWeights?: Tensor | undefined;
}

/**
 * What becomes of an image's bytes before the first layer.
 * `unit`: divided by 255, as large as it is, centred in zeros where the model takes more.
 * The others first bring it to the model's size by bilinear interpolation (tf.image.resize without antialiasing), and a
 * grey one to three equal channels: `resized` then divides by 255; `caffe` turns RGB into BGR and subtracts ImageNet's
 * means; `tf` maps 0…255 to −1…1. The last two are `preprocess_input` of Keras's VGG and ResNet V2.
 */
export type Preprocessing = "unit" | "resized" | "caffe" | "tf";

export interface BatchRequest {
  readonly batch: number;
  /** Height, width, channels that the model takes; of features, their shape. */
  readonly inputShape: Shape;
  /** Of images; default `unit`. */
  readonly preprocessing?: Preprocessing | undefined;
  /** What `unit` multiplies a byte by; default 1/255. */
  readonly scale?: number;
}

const UNUSED = {
  ...{ height: 0, width: 0, channels: 0, pad: 0, scale: 0, out_height: 0, out_width: 0 },
  ...{ reversed: 0, divisor: 1, mean_0: 0, mean_1: 0, mean_2: 0, elements: 0, first: 0, rows: 0 },
};

/** Keras's `preprocess_input`, after the division: what is subtracted from each channel as it comes out. */
const NORMALISATION = {
  resized: { divisor: 255, reversed: 0, mean_0: 0, mean_1: 0, mean_2: 0 },
  caffe: { divisor: 1, reversed: 1, mean_0: 103.939, mean_1: 116.779, mean_2: 123.68 },
  tf: { divisor: 127.5, reversed: 0, mean_0: 1, mean_1: 1, mean_2: 1 },
} as const;

/** Records the gathering of a batch: x (N, …) f32 and labels y (N) u32. */
export function gatherBatch(
  rec: Recorder,
  feed: Feed,
  request: BatchRequest,
): { x: Tensor; y: Tensor } {
  const { batch, inputShape } = request;
  const x = rec.allocate([batch, ...inputShape], "x");
  const y = rec.allocate([batch], "labels", "u32");
  const { labels, order, clock, source: rows } = feed;
  rec.inPass("data", () => {
    if (rows.kind === "features") gatherFeatures(rec, feed, rows.parts, x);
    else if ((request.preprocessing ?? "unit") === "unit") gatherImages(rec, feed, request, x);
    else gatherResized(rec, feed, request, x);
    rec.dispatch({
      op: "gather",
      kernel: kernel("gather_labels"),
      grid: [ceilDiv(batch, 64), 1, 1],
      bind: { labels, order, clock, y },
      params: { ...UNUSED, batch },
      touched: { labels: batch, order: 4 * batch },
    });
  });
  return { x, y };
}

function gatherImages(rec: Recorder, feed: Feed, request: BatchRequest, x: Tensor): void {
  const { batch, inputShape, scale = 1 / 255 } = request;
  const { images, height, width, channels } = imagesOf(feed);
  const [outHeight = 0, outWidth = 0, outChannels] = inputShape;
  const pad = (outHeight - height) / 2;
  if (pad < 0 || pad % 1 !== 0 || outWidth - width !== 2 * pad || outChannels !== channels) {
    throw new ShapeError(
      `gather: images are centred in equal borders, got ${formatShape([height, width, channels])} ` +
        `for an input of ${formatShape(inputShape)}`,
    );
  }
  const { order, clock } = feed;
  rec.dispatch({
    op: "gather",
    kernel: kernel("gather_images"),
    grid: linearGrid(batch * (height + 2 * pad), 16),
    bind: { images, order, clock, x },
    params: { ...UNUSED, batch, height, width, channels, pad, scale },
    touched: { images: batch * height * width * channels, order: 4 * batch },
  });
}

function gatherResized(rec: Recorder, feed: Feed, request: BatchRequest, x: Tensor): void {
  const { batch, inputShape, preprocessing = "unit" } = request;
  const { images, height, width, channels } = imagesOf(feed);
  const [outHeight = 0, outWidth = 0, outChannels] = inputShape;
  if (preprocessing === "unit" || outChannels !== 3 || (channels !== 1 && channels !== 3)) {
    throw new ShapeError(
      `gather: images of 1 or 3 channels are resized to 3, got ${formatShape([height, width, channels])} ` +
        `for an input of ${formatShape(inputShape)}`,
    );
  }
  const { order, clock } = feed;
  const size = { batch, height, width, channels, out_height: outHeight, out_width: outWidth };
  rec.dispatch({
    op: "gather",
    kernel: kernel("gather_resized"),
    grid: linearGrid(batch * outHeight, 16),
    bind: { images, order, clock, x },
    params: { ...UNUSED, ...size, ...NORMALISATION[preprocessing] },
    touched: { images: batch * height * width * channels, order: 4 * batch },
  });
}

function gatherFeatures(rec: Recorder, feed: Feed, parts: readonly Tensor[], x: Tensor): void {
  const [batch = 0, ...shape] = x.shape;
  const elements = sizeOf(shape);
  const { order, clock } = feed;
  const total = parts.reduce((sum, { shape: [rows = 0] }) => sum + rows, 0);
  let first = 0;
  for (const part of parts) {
    const [rows = 0, ...row] = part.shape;
    if (sizeOf(row) !== elements) {
      throw new ShapeError(
        `gather: rows are as large as the input, got ${formatShape(row)} for ${formatShape(shape)}`,
      );
    }
    rec.dispatch({
      op: "gather",
      kernel: kernel("gather_features"),
      grid: linearGrid(batch, 1),
      bind: { part, order, clock, x },
      params: { ...UNUSED, batch, elements, first, rows },
      // Of a shuffled order: as many rows of each part as its share of all.
      touched: { ...rowsTouched((batch * rows) / total, elements), order: 4 * batch },
    });
    first += rows;
  }
}

function rowsTouched(rows: number, elements: number) {
  const bytes = Math.round(4 * rows * elements);
  return { part: bytes, x: bytes };
}

function imagesOf({ source: rows }: Feed) {
  if (rows.kind !== "images") throw new ShapeError("gather: takes images, got features");
  const [, height = 0, width = 0, channels = 0] = rows.images.shape;
  return { images: rows.images, height, width, channels };
}

/** Records the end of a step: the next one reads the next rows. */
export function advanceClock(rec: Recorder, feed: Feed, batch: number): void {
  rec.inPass("data", () => {
    rec.dispatch({
      op: "gather",
      kernel: kernel("advance"),
      grid: [1, 1, 1],
      bind: { next_clock: feed.clock },
      params: { ...UNUSED, batch },
    });
  });
}

const ENTRIES = [
  "gather_images",
  "gather_resized",
  "gather_features",
  "gather_labels",
  "advance",
] as const;

function kernel(entry: (typeof ENTRIES)[number]): Kernel {
  return kernelFrom(shader, entry);
}

export function* gatherKernels(): Iterable<Kernel> {
  for (const entry of ENTRIES) yield kernel(entry);
}
