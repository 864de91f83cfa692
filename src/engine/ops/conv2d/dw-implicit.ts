// The implicit rung of conv2d.dw: for each tap of the window a product xᵀ · dy over the pixels that it reaches, read where
// they lie (dw-implicit.wgsl), and how the sum over pixels is cut into slices.

import shader from "../../../shaders/conv2d/dw-implicit.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv } from "../../core/shape.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import { wordsOf } from "./implicit.ts";
import { type ConvGeometry, convFlops, inputBytes, type WeightGradientProblem } from "./problem.ts";

/** Input channels of a tile. */
const ROWS = 16;
/** Pixels of a slice at least: what a slice reads of x and dy should stay in a cache while the tiles go over it. */
const SLICE = 4096;

/** Where it was measured to be faster than the direct rung: that holds all taps of few channels in registers. */
export function suitsImplicitDw({ kw, i, o }: ConvGeometry): boolean {
  return o >= 32 && (i >= 32 || kw === 1);
}

/** Records the products, and the sum of their slices where there are several. */
export function recordImplicitDw(rec: Recorder, problem: WeightGradientProblem): void {
  const { geometry, x, dy, dw } = problem;
  const { n, kh, kw, oh, ow, i, o } = geometry;
  const lanes = rec.capabilities.subgroupSize ?? 1;
  const words = wordsOf(o, lanes);
  const slices = Math.max(1, Math.floor((n * oh * ow) / SLICE));
  const params = { ...geometry, slices };
  const isSliced = slices > 1;
  const products = isSliced ? rec.allocate([slices, kh, kw, i, o], "dw.slices") : dw;
  const tiles = kh * kw * ceilDiv(i, ROWS) * ceilDiv(o, words * lanes * 4);
  const [across, down] = linearGrid(tiles, 1);
  rec.dispatch({
    op: "conv2d",
    kernel: kernelOf("weight_gradient", { SUBGROUP: lanes, ROWS, WORDS: words }),
    grid: [across, down, slices],
    bind: { x, dy, products },
    params,
    flops: convFlops(geometry),
    executedFlops: 2 * tiles * ROWS * words * lanes * 4 * n * oh * ow,
    touched: { x: inputBytes(geometry) },
  });
  if (!isSliced) return;
  const elements = kh * kw * i * o;
  rec.dispatch({
    op: "conv2d",
    kernel: kernelOf("add_slices", {}),
    grid: linearGrid(elements / 4, 64),
    bind: { partial: products, dw },
    params,
    executedFlops: slices * elements,
  });
}

function kernelOf(entry: string, constants: Readonly<Record<string, number>>): Kernel {
  return kernelFrom(shader, entry, { flags: { TRANS_A: entry === "weight_gradient" }, constants });
}

/** Every kernel of the rung. */
export function* implicitDwKernels(subgroupSize: number | null): Iterable<Kernel> {
  if (subgroupSize === null) return;
  for (const WORDS of [1, 2]) {
    yield kernelOf("weight_gradient", { SUBGROUP: subgroupSize, ROWS, WORDS });
  }
  yield kernelOf("add_slices", {});
}
