// The gemm rung of all three ladders: a 1×1 convolution with stride 1 is a matrix product of its pixels, and so are its
// gradients. Nothing is rearranged.

import { sizeOf } from "../../core/shape.ts";
import { reshaped, type Tensor } from "../../core/tensor.ts";
import type { Recorder } from "../../program/recorder.ts";
import { recordGemmInto } from "../gemm/gemm.ts";
import type {
  ConvGeometry,
  ForwardProblem,
  InputGradientProblem,
  WeightGradientProblem,
} from "./problem.ts";

/** Whether the window is one pixel that visits every pixel. (Where it is, there is no padding.) */
export function fitsGemm({ kh, kw, h, w, oh, ow, sh, sw }: ConvGeometry): boolean {
  return kh === 1 && kw === 1 && sh === 1 && sw === 1 && oh === h && ow === w;
}

export function recordGemmForward(rec: Recorder, problem: ForwardProblem): void {
  const { x, w, b: bias, y, activation } = problem;
  recordGemmInto(rec, pixels(y), { ...OP, a: pixels(x), b: pixels(w), bias, activation });
}

export function recordGemmDx(rec: Recorder, { dy, w, dx }: InputGradientProblem): void {
  recordGemmInto(rec, pixels(dx), { ...OP, a: pixels(dy), b: pixels(w), transB: true });
}

export function recordGemmDw(rec: Recorder, { x, dy, dw, db }: WeightGradientProblem): void {
  recordGemmInto(rec, pixels(dw), { ...OP, a: pixels(x), b: pixels(dy), transA: true, sums: db });
}

const OP = { op: "conv2d" } as const;

/** A matrix of one row a pixel, or for weights, one row an input channel. */
function pixels(tensor: Tensor): Tensor {
  const channels = tensor.shape.at(-1) ?? 1;
  return reshaped(tensor, [sizeOf(tensor.shape) / channels, channels]);
}
