// The data pass of a program: one batch out of a data set that is resident on the device. No gradient flows into it.

import shader from "../../shaders/gather.wgsl";
import { ShapeError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, formatShape, type Shape, sizeOf } from "../core/shape.ts";
import { itemBytes, type Tensor } from "../core/tensor.ts";
import type { Flags } from "../core/wgsl.ts";
import type { DispatchRequest } from "../program/dispatch-request.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import { isCentred, NORMALISATION, type Preprocessing } from "./preprocessing.ts";

/** The rows of a data set: images as bytes, or what a frozen base made of them. */
export type RowSource =
  /** (rows, H, W, C) u8; `more`: what does not fit into one binding, one part after another. */
  | { readonly kind: "images"; readonly images: Tensor; readonly more?: readonly Tensor[] }
  /** (rows of the part, …) f32 each, one after another; in parts because a binding has a limit. */
  | { readonly kind: "features"; readonly parts: readonly Tensor[] };

/** A data set on the device, and the order in which its rows are read. */
export interface Feed {
  readonly source: RowSource;
  /** (rows) u8, or u32 where there are more than 256 classes. */
  readonly labels: Tensor;
  /** Row numbers, u32; read from the clock's cursor on. */
  readonly order: Tensor;
  /**
   * Of a data set of which only some rows lie on the device at a time: where in `source`, and in the parts of `targets`, the row
   * lies that `order` names, u32. Default: `order` itself.
   */
  readonly slots?: Tensor | undefined;
  /** (step, cursor) u32. */
  readonly clock: Tensor;
  /** (K) f32: what a row of each class counts for in a loss that is trained on; default: all 1. */
  readonly classWeights?: Tensor | undefined;
  /** (rows) f32: what each row counts for in a loss; default: all 1. */
  readonly sampleWeights?: Tensor | undefined;
  /** What the model should give, where that is no class: its own input, or (rows of the part, …) f32 in parts as of features. */
  readonly targets?: "input" | readonly Tensor[] | undefined;
}

export interface BatchRequest {
  readonly batch: number;
  /** Height, width, channels that the model takes; of features, their shape. */
  readonly inputShape: Shape;
  /** Of images; default `unit`. */
  readonly preprocessing?: Preprocessing | undefined;
}

const UNUSED = {
  ...{ height: 0, width: 0, channels: 0, pad: 0, scale: 0, out_height: 0, out_width: 0 },
  ...{ reversed: 0, divisor_0: 1, divisor_1: 1, divisor_2: 1, mean_0: 0, mean_1: 0, mean_2: 0 },
  ...{ elements: 0, first: 0, rows: 0, out_channels: 0 },
};

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
  const isWide = labels.dtype === "u32";
  const labelBytes = { labels: itemBytes(labels.dtype) * batch };
  // Rows that are brought step by step lie elsewhere than their labels, and in another order.
  const isBeside = feed.slots === undefined;
  const beside = isBeside ? { isWide, bind: { labels, y }, touched: labelBytes } : null;
  rec.inPass("data", () => {
    if (rows.kind === "features") recordParts(rec, featureParts(feed, rows.parts, x), beside);
    else if (isCentred(request.preprocessing ?? "unit"))
      recordParts(rec, imageParts(feed, request, x), beside);
    else recordParts(rec, resizedParts(feed, request, x), beside);
    if (isBeside) return;
    rec.dispatch({
      op: "gather",
      kernel: kernel("gather_labels", { WIDE: isWide }),
      grid: [ceilDiv(batch, 64), 1, 1],
      bind: { labels, order, clock, y },
      params: { ...UNUSED, batch },
      touched: { ...labelBytes, order: 4 * batch },
    });
  });
  return { x, y };
}

/** Labels that are gathered with the first part of the rows; null: they are not. */
type Beside = {
  readonly isWide: boolean;
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly touched: Readonly<Record<string, number>>;
} | null;

/** The dispatch of one part of the rows. */
interface Part extends Pick<DispatchRequest, "grid" | "bind" | "params" | "touched"> {
  readonly entry: "gather_images" | "gather_resized" | "gather_features";
}

function recordParts(rec: Recorder, parts: Iterable<Part>, labels: Beside): void {
  let beside = labels;
  for (const { entry, bind, touched, ...part } of parts) {
    rec.dispatch({
      ...{ op: "gather", ...part },
      kernel: kernel(entry, { LABELS: beside !== null, WIDE: beside?.isWide ?? false }),
      bind: { ...bind, ...beside?.bind },
      touched: { ...touched, ...beside?.touched },
    });
    beside = null;
  }
}

function* imageParts(feed: Feed, request: BatchRequest, x: Tensor): Iterable<Part> {
  const { batch, inputShape, preprocessing } = request;
  const scale = preprocessing === "bytes" ? 1 : 1 / 255;
  const { parts, height, width, channels } = imagesOf(feed);
  const [outHeight = 0, outWidth = 0, outChannels] = inputShape;
  const pad = (outHeight - height) / 2;
  if (pad < 0 || pad % 1 !== 0 || outWidth - width !== 2 * pad || outChannels !== channels) {
    throw new ShapeError(
      `gather: images are centred in equal borders, got ${formatShape([height, width, channels])} ` +
        `for an input of ${formatShape(inputShape)}`,
    );
  }
  const { slots: order = feed.order, clock } = feed;
  for (const { images, share, ...part } of parts) {
    yield {
      entry: "gather_images",
      grid: linearGrid(batch * (height + 2 * pad), 16),
      bind: { images, order, clock, x },
      params: { ...UNUSED, ...part, batch, height, width, channels, pad, scale },
      touched: touchedOf(share, { batch, size: height * width * channels, x }),
    };
  }
}

function* resizedParts(feed: Feed, request: BatchRequest, x: Tensor): Iterable<Part> {
  const { batch, inputShape, preprocessing = "unit" } = request;
  const { parts, height, width, channels } = imagesOf(feed);
  const [outHeight = 0, outWidth = 0, outChannels] = inputShape;
  const areThree = outChannels === 3 && (channels === 1 || channels === 3);
  const isAlike = preprocessing !== "caffe" && preprocessing !== "torch";
  const areGrey = outChannels === 1 && channels === 1 && isAlike;
  if (isCentred(preprocessing) || !(areThree || areGrey)) {
    throw new ShapeError(
      `gather: images of 1 or 3 channels are resized to 3, grey ones also to 1, got ${formatShape([height, width, channels])} ` +
        `for an input of ${formatShape(inputShape)}`,
    );
  }
  const { slots: order = feed.order, clock } = feed;
  const size = { batch, height, width, channels, out_height: outHeight, out_width: outWidth };
  for (const { images, share, ...part } of parts) {
    yield {
      entry: "gather_resized",
      grid: linearGrid(batch * outHeight, 16),
      bind: { images, order, clock, x },
      params: {
        ...UNUSED,
        ...part,
        ...size,
        ...NORMALISATION[preprocessing],
        out_channels: outChannels,
      },
      touched: touchedOf(share, { batch, size: height * width * channels, x }),
    };
  }
}

/** Records the gathering of rows of numbers that come in parts, each (rows of the part, …) f32, into x (N, …). */
export function gatherFeatures(
  rec: Recorder,
  feed: Feed,
  parts: readonly Tensor[],
  x: Tensor,
): void {
  recordParts(rec, featureParts(feed, parts, x), null);
}

function* featureParts(feed: Feed, parts: readonly Tensor[], x: Tensor): Iterable<Part> {
  const [batch = 0, ...shape] = x.shape;
  const elements = sizeOf(shape);
  const { slots: order = feed.order, clock } = feed;
  const total = parts.reduce((sum, { shape: [rows = 0] }) => sum + rows, 0);
  let first = 0;
  for (const part of parts) {
    const [rows = 0, ...row] = part.shape;
    if (sizeOf(row) !== elements) {
      throw new ShapeError(
        `gather: rows are as large as the input, got ${formatShape(row)} for ${formatShape(shape)}`,
      );
    }
    yield {
      entry: "gather_features",
      grid: linearGrid(batch, 1),
      bind: { part, order, clock, x },
      params: { ...UNUSED, batch, elements, first, rows },
      // Of a shuffled order: as many rows of each part as its share of all.
      touched: { ...rowsTouched((batch * rows) / total, elements), order: 4 * batch },
    };
    first += rows;
  }
}

function rowsTouched(rows: number, elements: number) {
  const bytes = Math.round(4 * rows * elements);
  return { part: bytes, x: bytes };
}

function imagesOf({ source: rows }: Feed) {
  if (rows.kind !== "images") throw new ShapeError("gather: takes images, got features");
  const { images, more = [] } = rows;
  const [, height = 0, width = 0, channels = 0] = images.shape;
  const all = [images, ...more];
  const total = all.reduce((sum, { shape: [count = 0] }) => sum + count, 0);
  let first = 0;
  const parts = all.map((part) => {
    const [count = 0] = part.shape;
    const place = all.length === 1 ? { first: 0, rows: 0 } : { first, rows: count };
    first += count;
    return { images: part, share: count / total, ...place };
  });
  return { parts, height, width, channels };
}

/** Of a shuffled order: as many rows of each part as its share of all. */
function touchedOf(
  share: number,
  { batch, size, x }: { readonly batch: number; readonly size: number; readonly x: Tensor },
) {
  const touched = { images: Math.round(share * batch * size), order: 4 * batch };
  return share === 1 ? touched : { ...touched, x: Math.round(4 * share * sizeOf(x.shape)) };
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

function kernel(entry: string, flags: Flags = {}): Kernel {
  return kernelFrom(shader, entry, { flags });
}

export function* gatherKernels(): Iterable<Kernel> {
  yield kernel("advance");
  for (const WIDE of [false, true]) {
    yield kernel("gather_labels", { WIDE });
    for (const entry of ["gather_images", "gather_resized", "gather_features"]) {
      yield kernel(entry, { LABELS: true, WIDE });
    }
  }
  for (const entry of ["gather_images", "gather_resized", "gather_features"]) yield kernel(entry);
}
