// What gathers a batch out of the data set, moves the clock on, and counts what is not finite; in float64.

import { shape4 } from "../../../engine/core/shape.ts";
import type { Dispatch } from "../../../engine/program/program.ts";
import { firstOf } from "../../units.ts";
import {
  boundTo,
  type Expected,
  entryOf,
  exactly,
  float,
  named,
  type Output,
  type Reference,
  type Task,
  UNIT,
  valuesAt,
  within,
} from "./reference.ts";

/** The row of the images bound, that a row of the batch is; null where it is in another part of them. */
function imagesOf(task: Task, dispatch: Dispatch): (n: number) => number | null {
  const [first, rows] = [named(dispatch.params, "first"), named(dispatch.params, "rows")];
  const rowOf = rowsOf(task, dispatch);
  return (n) => {
    const row = rowOf(n) - first;
    return rows > 0 && (row < 0 || row >= rows) ? null : row;
  };
}

/** The row of the data set that a row of the batch is. */
function rowsOf(task: Task, dispatch: Dispatch): (n: number) => number {
  const order = valuesAt(task, dispatch, "order");
  const cursor = valuesAt(task, dispatch, "clock")?.[1] ?? 0;
  return (n) => order?.[cursor + n] ?? 0;
}

const images: Reference = (task) => {
  const dispatch = entryOf(task, "gather_images");
  const [, height, width, channels] = shape4(boundTo(dispatch, "images").shape, "reference");
  const x = boundTo(dispatch, "x");
  const [, outHeight, outWidth] = shape4(x.shape, "reference");
  const [down, across] = [(outHeight - height) / 2, (outWidth - width) / 2];
  const bytes = valuesAt(task, dispatch, "images");
  const rowOf = imagesOf(task, dispatch);
  const scale = float(dispatch, "scale");
  const at = (index: number): Expected | null => {
    const pixel = Math.floor(index / channels);
    const line = Math.floor(pixel / outWidth);
    const [h, w] = [(line % outHeight) - down, (pixel % outWidth) - across];
    const row = rowOf(Math.floor(line / outHeight));
    if (row === null) return null;
    if (h < 0 || h >= height || w < 0 || w >= width) return exactly(0);
    const from = ((row * height + h) * width + w) * channels + (index % channels);
    return within((bytes?.[from] ?? 0) * scale, 1);
  };
  return [{ tensor: x, cost: 1, terms: 1, at }, ...labelsOf(task, dispatch)];
};

/** Where along an axis a pixel of the resized image reads, and how much of the second one. */
function placeAt(index: number, size: number, out: number) {
  const place = ((index + 0.5) * size) / out - 0.5;
  const first = Math.max(0, Math.floor(place));
  const second = Math.min(Math.max(0, Math.ceil(place)), size - 1);
  return { first, second, share: place - Math.floor(place) };
}

const resized: Reference = (task) => {
  const dispatch = entryOf(task, "gather_resized");
  const [, height, width, channels] = shape4(boundTo(dispatch, "images").shape, "reference");
  const x = boundTo(dispatch, "x");
  const [, outHeight, outWidth, outChannels] = shape4(x.shape, "reference");
  const bytes = valuesAt(task, dispatch, "images");
  const rowOf = imagesOf(task, dispatch);
  const isReversed = dispatch.params["reversed"] === 1;
  // The interpolated value moves with the place it is read at, which float32 knows to some units of the image's size.
  const blur = 255 * 8 * UNIT * (Math.max(height, width) + 1);
  const at = (index: number): Expected | null => {
    const [c, pixel] = [index % outChannels, Math.floor(index / outChannels)];
    const line = Math.floor(pixel / outWidth);
    const row = rowOf(Math.floor(line / outHeight));
    if (row === null) return null;
    const [y, z] = [
      placeAt(line % outHeight, height, outHeight),
      placeAt(pixel % outWidth, width, outWidth),
    ];
    const channel = channels === 1 ? 0 : isReversed ? 2 - c : c;
    const byte = (h: number, w: number) =>
      bytes?.[((row * height + h) * width + w) * channels + channel] ?? 0;
    const across = (h: number) =>
      byte(h, z.first) + (byte(h, z.second) - byte(h, z.first)) * z.share;
    const divisor = float(dispatch, `divisor_${c}`);
    const value = (across(y.first) + (across(y.second) - across(y.first)) * y.share) / divisor;
    const mean = float(dispatch, `mean_${c}`);
    return {
      value: value - mean,
      error: blur / divisor + 4 * UNIT * (Math.abs(value) + Math.abs(mean)),
    };
  };
  return [{ tensor: x, cost: 8, terms: 4, at }, ...labelsOf(task, dispatch)];
};

const features: Reference = (task) => {
  const dispatch = entryOf(task, "gather_features");
  const [elements, first, rows] = ["elements", "first", "rows"].map((name) =>
    named(dispatch.params, name),
  ) as [number, number, number];
  const part = valuesAt(task, dispatch, "part");
  const rowOf = rowsOf(task, dispatch);
  const at = (index: number) => {
    const row = rowOf(Math.floor(index / elements)) - first;
    return row < 0 || row >= rows
      ? null
      : exactly(part?.[row * elements + (index % elements)] ?? 0);
  };
  const x = { tensor: boundTo(dispatch, "x"), cost: 1, terms: 1, at };
  return [x, ...labelsOf(task, dispatch)];
};

/** Of a dispatch that gathers labels, by themselves or beside the rows. */
function labelsOf(task: Task, dispatch: Dispatch): readonly Output[] {
  const values = valuesAt(task, dispatch, "labels");
  if (!values) return [];
  const rowOf = rowsOf(task, dispatch);
  const at = (n: number) => exactly(values[rowOf(n)] ?? 0);
  return [{ tensor: boundTo(dispatch, "y"), cost: 1, terms: 1, at }];
}

const labels: Reference = (task) => labelsOf(task, firstOf(task.unit));

const advance: Reference = (task) => clockOf(task, entryOf(task, "advance"));

/** Of a dispatch that moves the clock on, by itself or beside something else. */
export function clockOf(task: Task, dispatch: Dispatch): readonly Output[] {
  const before = valuesAt(task, dispatch, "next_clock");
  if (!before) return [];
  const steps = [1, named(dispatch.params, "batch")];
  const at = (index: number) => exactly((before[index] ?? 0) + (steps[index] ?? 0));
  return [{ tensor: boundTo(dispatch, "next_clock"), cost: 1, terms: 1, at }];
}

const counted: Reference = (task) => {
  const dispatch = entryOf(task, "count");
  const [x, before] = [valuesAt(task, dispatch, "x"), valuesAt(task, dispatch, "counts")];
  const slot = named(dispatch.params, "slot");
  let more = 0;
  for (const value of x ?? []) if (!Number.isFinite(value)) more++;
  const at = (index: number) => exactly((before?.[index] ?? 0) + (index === slot ? more : 0));
  return [{ tensor: boundTo(dispatch, "counts"), cost: 1, terms: 1, at }];
};

export const DATA: Readonly<Record<string, Reference>> = {
  "gather/gather_images": images,
  "gather/gather_resized": resized,
  "gather/gather_features": features,
  "gather/gather_labels": labels,
  "gather/advance": advance,
  "count-non-finite/count": counted,
};
