// Products whose sum over k is cut into slices where the result alone would not keep an adapter busy: each slice into a matrix of
// its own, which are then added in order. The kernels that multiply are the rungs' own.

import shader from "../../../shaders/gemm/naive.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv, shape2 } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Flags } from "../../core/wgsl.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import { recordBiasGradient } from "./bias-activation.ts";
import { endOf, epilogue, type Gemm, type GemmInto, type Problem } from "./problem.ts";

/** Workgroups that keep an adapter busy; below half of that, the sum over k is cut into slices. */
const FILLING = { software: 4, hardware: 128 };
/** Fewer steps of k than this are not worth a slice. */
const SLICE_STEPS = 64;

/** Steps of k in a slice: all of them unless the tiles are too few to fill the machine. */
export function sliceOf(rec: Recorder, tiles: number, k: number): number {
  const filling = FILLING[rec.capabilities.isSoftware ? "software" : "hardware"];
  const slices = Math.min(Math.floor(filling / tiles), Math.floor(k / SLICE_STEPS));
  return slices < 2 ? k : ceilDiv(ceilDiv(k, slices), 16) * 16;
}

export interface Sliced {
  readonly tiles: number;
  /** Elements of a tile, all of which are computed. */
  readonly tileArea: number;
  readonly slice: number;
  readonly kernel: (epilogueFlags: Flags) => Kernel;
  /** What else the kernel writes. */
  readonly besides?: Readonly<Record<string, Tensor>>;
}

/** One dispatch; or with several slices of k that are not asked for, partial products and their sum in slice order. */
export function recordSliced(rec: Recorder, problem: Problem, tiling: Sliced): void {
  const { tiles, tileArea, kernel, besides = {} } = tiling;
  const { request, c, m, n, k, parts } = problem;
  const { op, a, b } = request;
  const slice = parts === undefined ? tiling.slice : k / parts;
  const slices = ceilDiv(k, slice);
  const [x, y] = linearGrid(tiles, 1);
  const shared = {
    op,
    params: { m, n, k, slice },
    grid: [x, y, slices],
    flops: 2 * m * n * k,
    executedFlops: 2 * tiles * tileArea * k,
  } as const;
  if (slices === 1 || parts !== undefined) {
    const bind = { a, b, c, ...endOf(request), ...besides };
    rec.dispatch({ ...shared, kernel: kernel(epilogue(request)), bind });
    return;
  }
  const partial = rec.allocate([slices, m, n], "slices");
  rec.dispatch({ ...shared, kernel: kernel({}), bind: { a, b, c: partial } });
  recordCombine(rec, c, { ...request, partial, slices, apart: m * n });
}

export interface Combine extends Pick<Gemm, "op" | "bias" | "activation" | "slope" | "residual"> {
  /** Products of c's shape, a number of elements `apart`. */
  readonly partial: Tensor;
  readonly slices: number;
  readonly apart: number;
}

/** Records c = activate(Σ partial + bias), summed in order. */
export function recordCombine(rec: Recorder, c: Tensor, request: Combine): void {
  const { op, partial, slices, apart } = request;
  const [m, n] = shape2(c.shape, op);
  rec.dispatch({
    op,
    kernel: combineKernel(epilogue(request)),
    grid: linearGrid(m * n, 64),
    bind: { partial, c, ...endOf(request) },
    params: { m, n, k: 0, slices, apart },
    executedFlops: slices * m * n,
    touched: { partial: 4 * slices * m * n },
  });
}

/** Σ op(b) over k by itself, for rungs whose kernel has no sums of its own. */
export function recordSums(rec: Recorder, { b, sums }: GemmInto): void {
  if (sums) recordBiasGradient(rec, b, sums);
}

export function combineKernel(flags: Flags): Kernel {
  return kernelFrom(shader, "combine", { flags });
}
