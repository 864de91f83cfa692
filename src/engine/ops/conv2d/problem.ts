// What the kernels of a 2-D convolution are told of it: extents, strides and padding, all in numbers. Not the op, which
// is conv2d.ts, nor the ways to compute it, which are the files beside.

import { ShapeError } from "../../core/errors.ts";
import { formatShape, type Shape, shape4 } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type Around, type Padding, windowGeometry } from "../../core/window.ts";
import type { Activation } from "../gemm/bias-activation.ts";

export interface Conv2dAttrs {
  /** Steps between windows, down and across. */
  readonly strides: readonly [number, number];
  /** By rule, or rows above and below, columns to the left and to the right. */
  readonly padding: Padding | readonly [Around, Around];
  /** Applied to the sum and the bias, within the same kernel. */
  readonly activation: Activation;
}

/** The three things to compute, each of which has a ladder. */
export type ConvPass = "forward" | "dx" | "dw";

/** Extents by the letters that the kernels' Params give them. */
export interface ConvGeometry {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly i: number;
  readonly kh: number;
  readonly kw: number;
  readonly oh: number;
  readonly ow: number;
  readonly o: number;
  readonly sh: number;
  readonly sw: number;
  /** Padding before the first row and column. */
  readonly top: number;
  readonly left: number;
}

/** What the ladder `conv2d.forward` solves. */
export interface ForwardProblem {
  readonly geometry: ConvGeometry;
  readonly x: Tensor;
  readonly w: Tensor;
  readonly b: Tensor | null;
  readonly y: Tensor;
  readonly activation: Activation;
}

/** What the ladder `conv2d.dx` solves. */
export interface InputGradientProblem {
  readonly geometry: ConvGeometry;
  readonly dy: Tensor;
  readonly w: Tensor;
  readonly dx: Tensor;
}

/** What the ladder `conv2d.dw` solves. */
export interface WeightGradientProblem {
  readonly geometry: ConvGeometry;
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly dw: Tensor;
  /** (O): db[o] = Σ dy[n,oh,ow,o], where that is asked for too. */
  readonly db: Tensor | null;
}

/** Extents of a convolution of `x` with `w`; throws ShapeError when they do not go together. */
export function convGeometry(x: Shape, w: Shape, attrs: Conv2dAttrs): ConvGeometry {
  const [n, height, width, i] = shape4(x, "conv2d");
  const [kh, kw, wi, o] = shape4(w, "conv2d");
  if (i !== wi) {
    throw new ShapeError(
      `conv2d: input has ${i} channels but the filter expects ${wi}, got x ${formatShape(x)}, w ${formatShape(w)}`,
    );
  }
  const { strides, padding } = attrs;
  const [sh, sw] = strides;
  const [down, across] = typeof padding === "string" ? [padding, padding] : padding;
  const rows = windowGeometry(height, kh, sh, down, "conv2d");
  const columns = windowGeometry(width, kw, sw, across, "conv2d");
  return {
    n,
    h: height,
    w: width,
    i,
    kh,
    kw,
    oh: rows.out,
    ow: columns.out,
    o,
    sh,
    sw,
    top: rows.before,
    left: columns.before,
  };
}

/** `50 × 28 × 28 × 6 * 5 × 5 × 16 to 10 × 10`, with strides and padding where there are any, and how x or dy is stored. */
export function describeGeometry(geometry: ConvGeometry, { dtype }: Tensor): string {
  const { n, h, w, i, kh, kw, oh, ow, o, sh, sw, top, left } = geometry;
  return [
    `${n} × ${h} × ${w} × ${i} * ${kh} × ${kw} × ${o} to ${oh} × ${ow}`,
    ...(sh === 1 && sw === 1 ? [] : [`strides ${sh} × ${sw}`]),
    ...(top === 0 && left === 0 ? [] : [`padding from ${top}, ${left}`]),
    ...(dtype === "f32" ? [] : [dtype]),
  ].join(", ");
}

/** Whether the windows of the results, or of a tiling of so many rows and columns, reach beyond the input. */
export function readsPadding(
  g: ConvGeometry,
  { rows = g.oh, columns = g.ow }: { readonly rows?: number; readonly columns?: number } = {},
): boolean {
  const pastRight = (columns - 1) * g.sw + g.kw - g.left > g.w;
  const pastBottom = (rows - 1) * g.sh + g.kh - g.top > g.h;
  return g.top > 0 || g.left > 0 || pastRight || pastBottom;
}

/** Bytes of the input that the windows reach: not all of it where they step over some. */
export function inputBytes({ n, h, w, i, kh, kw, oh, ow, sh, sw }: ConvGeometry): number {
  const rows = sh > kh ? Math.min(h, oh * kh) : h;
  const columns = sw > kw ? Math.min(w, ow * kw) : w;
  return 4 * n * rows * columns * i;
}

/** Floating-point operations of the convolution, and of either of its gradients. */
export function convFlops(geometry: ConvGeometry): number {
  const { n, oh, ow, o, kh, kw, i } = geometry;
  return 2 * n * oh * ow * o * kh * kw * i;
}
