// Layers without variables that crop, resize and turn: Keras's Cropping2D, CenterCrop, Resizing, UpSampling2D, Reshape and
// Permute.

import { type Shape, shape4 } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { reshape as reshapeOp } from "../ops/reshape.ts";
import { type Interpolation, resize } from "../ops/resize.ts";
import { type ViewAxis, view } from "../ops/view.ts";
import type { Recorder } from "../program/recorder.ts";
import { apply } from "../program/tape.ts";
import { type Layer, layerOf } from "./net.ts";
import { type Pair, pairOf, positiveInteger } from "./pair.ts";

interface Named {
  readonly name?: string;
}

/** Rows above and below, columns to the left and right, that are cut off. */
export type Sides = readonly [
  readonly [top: number, bottom: number],
  readonly [left: number, right: number],
];

/** (N, H, W, C) -> (N, H − top − bottom, W − left − right, C) */
export function cropping2d(config: Named & { readonly cropping: Sides }): Layer {
  const { cropping, name } = config;
  return layerOf({ className: "Cropping2D", name, config: { cropping } }, (net, x) => {
    const [, height, width] = shape4(x.shape, "cropping2d");
    const [[top, bottom], [left, right]] = cropping;
    const size = [height - top - bottom, width - left - right] as const;
    return recordCrop(net.rec, x, { from: [top, left], size });
  });
}

/**
 * The middle of an image, (N, H, W, C) -> (N, height, width, C). Of one that is smaller the largest part of that aspect, resized, as
 * Keras has it.
 */
export function centerCrop(
  config: Named & { readonly height: number; readonly width: number },
): Layer {
  const { height, width, name } = config;
  return layerOf({ className: "CenterCrop", name, config: { height, width } }, (net, x) => {
    const [, h, w] = shape4(x.shape, "center_crop");
    if (h < height || w < width) {
      const part = recordAspect(net.rec, x, [height, width]);
      return apply(net.rec, resize, [part], { size: [height, width], interpolation: "bilinear" });
    }
    const from = [Math.trunc((h - height) / 2), Math.trunc((w - width) / 2)] as const;
    return recordCrop(net.rec, x, { from, size: [height, width] });
  });
}

/** The largest part of the image, from its middle, whose sides are to each other as those of `size`. */
function recordAspect(
  rec: Recorder,
  x: Tensor,
  [height, width]: readonly [number, number],
): Tensor {
  const [, h, w] = shape4(x.shape, "resizing");
  const within = (most: number, extent: number) => Math.max(Math.min(most, Math.trunc(extent)), 1);
  const size = [within(h, (w * height) / width), within(w, (h * width) / height)] as const;
  if (size[0] === h && size[1] === w) return x;
  const from = [Math.trunc((h - size[0]) / 2), Math.trunc((w - size[1]) / 2)] as const;
  return recordCrop(rec, x, { from, size });
}

interface Crop {
  readonly from: readonly [top: number, left: number];
  readonly size: readonly [height: number, width: number];
}

function recordCrop(rec: Recorder, x: Tensor, { from: [top, left], size: [h, w] }: Crop): Tensor {
  const axes = x.shape.map((extent, from) => ({ from, start: 0, stride: 1, extent }));
  const cut = (axis: number, start: number, extent: number): ViewAxis => ({
    ...{ from: axis, start, stride: 1, extent },
  });
  return apply(rec, view, [x], {
    axes: axes.with(1, cut(1, top, h)).with(2, cut(2, left, w)),
  });
}

/** Without smoothing, from the middles of the pixels: (N, H, W, C) -> (N, height, width, C). */
export function resizing(
  config: Named & {
    readonly height: number;
    readonly width: number;
    /** Default `bilinear`. */
    readonly interpolation?: Interpolation;
    /** Cut the image to the result's aspect first, rather than distort it; default false. */
    readonly cropToAspectRatio?: boolean;
  },
): Layer {
  const { height, width, interpolation = "bilinear", cropToAspectRatio = false, name } = config;
  const size = [height, width] as const;
  const keras = { height, width, interpolation, crop_to_aspect_ratio: cropToAspectRatio };
  return layerOf({ className: "Resizing", name, config: keras }, (net, x) => {
    const part = cropToAspectRatio ? recordAspect(net.rec, x, size) : x;
    return apply(net.rec, resize, [part], { size, interpolation });
  });
}

/** As tf.image.resize of TensorFlow 1 does it, from the corners of pixels. Keras has no such layer, so it is written to no file. */
export function resizingFromCorners(
  config: Named & {
    readonly size: readonly [number, number];
    readonly interpolation: Interpolation;
  },
): Layer {
  const { size, interpolation, name } = config;
  const own = { size, interpolation };
  return layerOf({ className: "ResizingFromCorners", name, config: own }, (net, x) =>
    apply(net.rec, resize, [x], { size, interpolation, fromCorners: true }),
  );
}

/** (N, H, W, C) -> (N, H · rows, W · columns, C) */
export function upSampling2d(
  config: Named & {
    /** Default 2. */
    readonly size?: Pair;
    /** Default `nearest`. */
    readonly interpolation?: Interpolation;
  } = {},
): Layer {
  const { interpolation = "nearest", name } = config;
  const size = pairOf(config.size ?? 2, "up_sampling2d: size");
  return layerOf({ className: "UpSampling2D", name, config: { size, interpolation } }, (net, x) => {
    const [, h, w] = shape4(x.shape, "up_sampling2d");
    return apply(net.rec, resize, [x], { size: [h * size[0], w * size[1]], interpolation });
  });
}

/** (N, …) -> (N, ...targetShape), row-major; one extent may be −1 and follows from the others. */
export function reshape(config: Named & { readonly targetShape: Shape }): Layer {
  const { targetShape, name } = config;
  const keras = { target_shape: targetShape };
  return layerOf({ className: "Reshape", name, config: keras }, (net, x) => {
    const [rows = 1] = x.shape;
    return apply(net.rec, reshapeOp, [x], { shape: [rows, ...targetShape] });
  });
}

/** Of an axis: one place, whose axis is dropped, or from `start` to before `stop`, as Python counts. */
export type Slice =
  | number
  | { readonly start: number | null; readonly stop: number | null; readonly step: number | null };

/** Elements along each axis after the batch: Python's `x[:, slice, slice, …]`. Not a layer that Keras's files can hold. */
export function slicing(config: Named & { readonly slices: readonly Slice[] }): Layer {
  const { slices, name } = config;
  return layerOf({ className: "GetItem", name, config: { slices } }, (net, x) => {
    const [rows = 1, ...extents] = x.shape;
    const batch = { from: 0, start: 0, stride: 1, extent: rows };
    const own = extents.map((extent, axis) => {
      const slice = slices[axis] ?? { start: null, stop: null, step: null };
      return { from: axis + 1, ...placesOf(slice, extent) };
    });
    const y = apply(net.rec, view, [x], { axes: [batch, ...own] });
    const kept = own.filter((_, axis) => typeof slices[axis] !== "number");
    if (kept.length === own.length) return y;
    return apply(net.rec, reshapeOp, [y], { shape: [rows, ...kept.map(({ extent }) => extent)] });
  });
}

function placesOf(slice: Slice, extent: number): Omit<ViewAxis, "from"> {
  if (typeof slice === "number") {
    return { start: slice < 0 ? slice + extent : slice, stride: 1, extent: 1 };
  }
  const stride = slice.step ?? 1;
  const [least, most] = stride < 0 ? [-1, extent - 1] : [0, extent];
  const within = (at: number) => Math.min(most, Math.max(least, at < 0 ? at + extent : at));
  const start = slice.start === null ? (stride < 0 ? most : least) : within(slice.start);
  const stop = slice.stop === null ? (stride < 0 ? least : most) : within(slice.stop);
  return { start, stride, extent: Math.max(0, Math.ceil((stop - start) / stride)) };
}

/** Axes in another order: `dims` [2, 1] swaps the first two after the batch. */
export function permute(config: Named & { readonly dims: readonly number[] }): Layer {
  const { dims, name } = config;
  for (const axis of dims) positiveInteger(axis, "permute: dims");
  return layerOf({ className: "Permute", name, config: { dims } }, (net, x) => {
    const axes = [0, ...dims].map((from) => ({
      ...{ from, start: 0, stride: 1, extent: x.shape[from] ?? 0 },
    }));
    return apply(net.rec, view, [x], { axes });
  });
}
