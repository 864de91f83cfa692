// What the kernels of a convolution with groups and dilation are told of it, in numbers. Not the op, which is grouped.ts, nor the
// ways to compute it, which are on the ladders of grouped-ladders.ts.

import { type Shape, shape4 } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type Padding, windowGeometry } from "../../core/window.ts";

export interface GroupedConv2dAttrs {
  /** Steps between windows, down and across. */
  readonly strides: readonly [number, number];
  readonly padding: Padding;
  /** Pixels from one tap of the window to the next, down and across; 1 for a window without gaps. */
  readonly dilation: readonly [number, number];
  /** Each sees its share of the input's channels and makes its share of the filters. */
  readonly groups: number;
}

const FIELDS = [
  ...(["n", "h", "w", "i", "oh", "ow", "o", "kh", "kw", "sh", "sw"] as const),
  ...(["top", "left", "down", "across", "group_in", "group_out"] as const),
] as const;

/**
 * Extents of x and y, of the window, its strides, zeros before the first pixel, pixels from tap to tap, and channels that a group
 * takes and makes.
 */
export type GroupedGeometry = Readonly<Record<(typeof FIELDS)[number], number>>;

/** What the ladder `grouped-conv2d.forward` solves. */
export interface GroupedForward {
  readonly geometry: GroupedGeometry;
  readonly x: Tensor;
  readonly w: Tensor;
  readonly y: Tensor;
}

/** What the ladder `grouped-conv2d.dx` solves. */
export interface GroupedInputGradient {
  readonly geometry: GroupedGeometry;
  readonly dy: Tensor;
  readonly w: Tensor;
  readonly dx: Tensor;
}

/** What the ladder `grouped-conv2d.dw` solves. */
export interface GroupedWeightGradient {
  readonly geometry: GroupedGeometry;
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly dw: Tensor;
}

/** Elements of partial sums that are worth their memory. */
export const MOST_PARTIAL = 2 ** 22;

/** Extents of the windows, down and across. */
export function groupedWindows(x: Shape, w: Shape, attrs: GroupedConv2dAttrs) {
  const { strides, padding, dilation } = attrs;
  const [, height, width] = shape4(x, "grouped-conv2d");
  const [kh, kw] = shape4(w, "grouped-conv2d");
  const reach = [(kh - 1) * dilation[0] + 1, (kw - 1) * dilation[1] + 1] as const;
  return {
    rows: windowGeometry(height, reach[0], strides[0], padding, "grouped-conv2d"),
    columns: windowGeometry(width, reach[1], strides[1], padding, "grouped-conv2d"),
  };
}

export function groupedGeometry(x: Shape, w: Shape, attrs: GroupedConv2dAttrs): GroupedGeometry {
  const [n, height, width, i] = shape4(x, "grouped-conv2d");
  const [kh, kw, ofGroup, o] = shape4(w, "grouped-conv2d");
  const { rows, columns } = groupedWindows(x, w, attrs);
  const [sh, sw] = attrs.strides;
  const [down, across] = attrs.dilation;
  return {
    ...{ n, h: height, w: width, i, oh: rows.out, ow: columns.out, o, kh, kw, sh, sw },
    ...{ top: rows.before, left: columns.before, down, across },
    ...{ group_in: ofGroup, group_out: o / attrs.groups },
  };
}

/** `16 × 24 × 24 × 144 * 3 × 3 × 144 to 24 × 24, groups 144`, with what else there is, and how x or dy is stored. */
export function describeGrouped(geometry: GroupedGeometry, { dtype }: Tensor): string {
  const { n, h, w, i, kh, kw, oh, ow, o, sh, sw, top, left, down, across } = geometry;
  return [
    `${n} × ${h} × ${w} × ${i} * ${kh} × ${kw} × ${o} to ${oh} × ${ow}`,
    `groups ${i / geometry.group_in}`,
    ...(sh === 1 && sw === 1 ? [] : [`strides ${sh} × ${sw}`]),
    ...(top === 0 && left === 0 ? [] : [`padding from ${top}, ${left}`]),
    ...(down === 1 && across === 1 ? [] : [`dilation ${down} × ${across}`]),
    ...(dtype === "f32" ? [] : [dtype]),
  ].join(", ");
}

/** Floating-point operations of the convolution, and of either of its gradients. */
export function groupedFlops({ n, oh, ow, o, kh, kw, group_in }: GroupedGeometry): number {
  return 2 * n * oh * ow * o * kh * kw * group_in;
}
