// Gradients clipped before the update, as Keras does it: every element, every variable's norm, or the norm of all
// variables together. The formulas stand in clip.wgsl. Sums are in a fixed order, so the same bits come out in every run.

import shader from "../../shaders/clip.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import { wordStride } from "../program/word-stride.ts";
import type { Clipping, Optimizer } from "./optimizer.ts";

/** Throws UsageError for more than one, and for what is no number above 0. */
export function checkClipping(clipping: Clipping): void {
  const { clipValue, clipNorm, globalClipNorm } = clipping;
  const asked = Object.entries({ clipValue, clipNorm, globalClipNorm }).filter(
    ([, limit]) => limit !== undefined,
  );
  for (const [argument, limit = Number.NaN] of asked) {
    if (limit > 0 && Number.isFinite(limit)) continue;
    throw new UsageError(`${argument}: is a number above 0, got ${limit}`, { argument });
  }
  const [, second] = asked;
  if (!second) return;
  const names = asked.map(([name]) => name).join(" and ");
  throw new UsageError(`${second[0]}: gradients are clipped in one way, got ${names}`, {
    ...{ argument: second[0], help: "leave all but one out" },
  });
}

/** The optimiser, given clipped gradients. */
export function withClipping(optimizer: Optimizer, clipping: Clipping): Optimizer {
  checkClipping(clipping);
  return { ...optimizer, clipping };
}

/**
 * Records the clipping of gradients in place. `gradients` holds, for each variable, its flat gradient in pieces that the
 * adapter binds.
 */
export function recordClipping(
  rec: Recorder,
  { clipValue, clipNorm, globalClipNorm }: Clipping,
  gradients: readonly (readonly Tensor[])[],
): void {
  if (clipValue !== undefined) {
    for (const x of gradients.flat()) {
      rec.dispatch({ ...onWords(rec, x, LIMIT_VALUES, { x }), ...params(rec, x, clipValue) });
    }
  }
  if (clipNorm !== undefined) for (const pieces of gradients) scaleToNorm(rec, pieces, clipNorm);
  if (globalClipNorm !== undefined) scaleToNorm(rec, gradients.flat(), globalClipNorm);
}

const MAX_GROUPS = 256;
/** Elements that an invocation of the first stage takes at least before another workgroup is worth its while. */
const PER_INVOCATION = 16;

function scaleToNorm(rec: Recorder, pieces: readonly Tensor[], limit: number): void {
  const groups = pieces.map(({ shape }) =>
    Math.min(MAX_GROUPS, ceilDiv(sizeOf(shape), 64 * PER_INVOCATION)),
  );
  const partials = groups.reduce((sum, count) => sum + count, 0);
  if (partials === 0) return;
  const partial = rec.allocate([partials], "clip.partial");
  const scale = rec.allocate([1], "clip.scale");
  let base = 0;
  for (const [index, g] of pieces.entries()) {
    const own = groups[index] ?? 0;
    rec.dispatch({
      ...{ op: "clip", kernel: SQUARES, grid: [own, 1, 1], bind: { g, partial } },
      ...params(rec, g, limit, { groups: own, base, partials }),
      flops: 2 * sizeOf(g.shape),
    });
    base += own;
  }
  rec.dispatch({
    ...{ op: "clip", kernel: SCALE, grid: [1, 1, 1], bind: { partials: partial, scale } },
    ...params(rec, partial, limit, { partials }),
  });
  for (const x of pieces) {
    rec.dispatch({ ...onWords(rec, x, RESCALE, { x, factor: scale }), ...params(rec, x, limit) });
  }
}

function onWords(rec: Recorder, x: Tensor, kernel: Kernel, bind: Readonly<Record<string, Tensor>>) {
  const elements = sizeOf(x.shape);
  const grid = linearGrid(wordStride(rec, ceilDiv(elements, 4)), 64);
  return { op: "clip", kernel, bind, grid, flops: elements };
}

function params(
  rec: Recorder,
  x: Tensor,
  limit: number,
  sums: Readonly<Partial<Record<"groups" | "base" | "partials", number>>> = {},
) {
  const elements = sizeOf(x.shape);
  const vectors = ceilDiv(elements, 4);
  const stride = wordStride(rec, vectors);
  const none = { groups: 0, base: 0, partials: 0 };
  return { params: { elements, vectors, stride, ...none, ...sums, limit } };
}

const SQUARES: Kernel = kernelFrom(shader, "sum_squares");
const SCALE: Kernel = kernelFrom(shader, "scale_to");
const RESCALE: Kernel = kernelFrom(shader, "rescale");
const LIMIT_VALUES: Kernel = kernelFrom(shader, "limit_values");

/** Every kernel that clipping dispatches. */
export function* clippingKernels(): Iterable<Kernel> {
  yield SQUARES;
  yield SCALE;
  yield RESCALE;
  yield LIMIT_VALUES;
}
