// The implicit rung of conv2d.forward and conv2d.dx: a convolution, or the gradient of its input, as a matrix product
// whose left operand is read from the image (implicit.wgsl). Its kernels are few, whatever the shapes.

import shader from "../../../shaders/conv2d/implicit.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import { ACTIVATIONS, type Activation, activationFlags } from "../gemm/bias-activation.ts";
import { type ConvGeometry, convFlops, inputBytes } from "./problem.ts";

/** Rows of a tile, and words of a lane; fewer where the columns are few, or are read four at a time (bench/NOTES.md). */
const ROWS = 16;
const MOST_WORDS = 2;
/** Maps of so many pixels at most take the same pixel of all images together, so that they share what is padding. */
const SMALL_MAP = 64;

export interface ImplicitProblem {
  readonly geometry: ConvGeometry;
  /** What is read: x, or dy for the gradient. */
  readonly from: Tensor;
  readonly w: Tensor;
  readonly b: Tensor | null;
  /** What is written: y, or dx for the gradient. */
  readonly to: Tensor;
  readonly activation: Activation;
  readonly isGradient: boolean;
}

export function fitsImplicit({ i, o }: ConvGeometry, subgroupSize: number | null): boolean {
  return subgroupSize !== null && subgroupSize <= 64 && i % 4 === 0 && o % 4 === 0;
}

/** A tile of two words a lane is worth it from so many columns on, and a loop from so many steps on. */
const WIDE = 48;
const LONG = 64;

/**
 * Where the rung was measured to be the fastest of those that fit (bench/NOTES.md): the direct one does better where
 * a lane has several columns of a row and a window wider than one.
 */
export function suitsImplicit({ kh, kw, i, o, ow }: ConvGeometry): boolean {
  return o >= WIDE && kh * kw * i >= LONG && (ow < 12 || kw === 1);
}

export function suitsImplicitDx({ kh, kw, i, o, w, sh, sw }: ConvGeometry): boolean {
  if (sh > 1 || sw > 1) return true;
  return i >= 32 && kh * kw * o >= LONG && (w < 7 || kw === 1);
}

/** Records the one dispatch that it takes. */
export function recordImplicit(rec: Recorder, problem: ImplicitProblem): void {
  const { geometry, from, w, b, to, activation, isGradient } = problem;
  const lanes = rec.capabilities.subgroupSize ?? 1;
  const maps = isGradient ? gradientMaps(geometry) : geometry;
  const { n, h, w: width, i, kh, kw, oh, ow, o, sh, sw, top, left } = maps;
  const words = isGradient ? 1 : wordsOf(o, lanes);
  const isStrided = isGradient && (sh > 1 || sw > 1);
  const flags = { ...activationFlags(activation), HAS_BIAS: b !== null };
  const rows = n * oh * ow;
  const across = ceilDiv(o, words * lanes * 4);
  rec.dispatch({
    op: "conv2d",
    kernel: kernelOf(
      { ...flags, GRADIENT: isGradient, STRIDED: isStrided },
      { SUBGROUP: lanes, ROWS, WORDS: words },
    ),
    grid: linearGrid(ceilDiv(rows, ROWS) * across, 1),
    bind: { x: from, w, y: to, ...(b ? { b } : {}) },
    params: {
      ...{ h, w: width, i, kh, kw, oh, ow, o, sh, sw, top, left, rows },
      together: kh * kw > 1 && oh * ow <= SMALL_MAP ? n : 1,
    },
    flops: convFlops(geometry),
    executedFlops: 2 * ceilDiv(rows, ROWS) * ROWS * across * words * lanes * 4 * kh * kw * i,
    ...(isGradient ? {} : { touched: { x: inputBytes(geometry) } }),
  });
}

/** The gradient reads what the convolution writes, and writes what it reads. */
function gradientMaps(g: ConvGeometry): ConvGeometry {
  return { ...g, h: g.oh, w: g.ow, i: g.o, oh: g.h, ow: g.w, o: g.i };
}

/** Two words halve the shuffles, unless too many of their columns lie beyond the edge. */
export function wordsOf(columns: number, lanes: number): number {
  const fitsTwo = 1.5 * ceilDiv(columns, 4 * MOST_WORDS * lanes) <= ceilDiv(columns, 4 * lanes);
  return fitsTwo ? MOST_WORDS : 1;
}

function kernelOf(
  flags: Readonly<Record<string, boolean>>,
  constants: Readonly<Record<string, number>>,
): Kernel {
  return kernelFrom(shader, "multiply", { flags, constants });
}

/** Every kernel of a pass's rung. */
export function* implicitKernelsOf(
  pass: "forward" | "dx",
  subgroupSize: number | null,
): Iterable<Kernel> {
  if (subgroupSize === null) return;
  const constants = { SUBGROUP: subgroupSize, ROWS };
  if (pass === "dx") {
    for (const STRIDED of [false, true]) {
      yield kernelOf({ GRADIENT: true, STRIDED }, { ...constants, WORDS: 1 });
    }
    return;
  }
  for (const activation of ACTIVATIONS) {
    for (const HAS_BIAS of [false, true]) {
      for (const WORDS of [1, MOST_WORDS]) {
        yield kernelOf({ ...activationFlags(activation), HAS_BIAS }, { ...constants, WORDS });
      }
    }
  }
}
