// What a dispatch has to do at least: multiply-adds with something other than padding, and bytes, each once. From it and an
// adapter's ceilings follows the least time that it can take, and which ceiling is the nearest.

import type { ConvGeometry } from "../../engine/ops/conv2d/problem.ts";
import { bytesMoved, type Dispatch } from "../../engine/program/program.ts";
import { bandwidthFor, type Ceilings } from "./bandwidths.ts";

export interface Work {
  /** Of what the problem asks for, without products with padding, which a kernel may leave out. */
  readonly flops: number;
  /** Each byte once, those that are updated in both directions. */
  readonly bytes: number;
  /** Bytes that are in use: each once. */
  readonly workingSet: number;
}

export function workOf(dispatch: Dispatch): Work {
  const taps = paddedTaps(dispatch);
  const unread = taps ? weightBytes(dispatch) * (1 - taps.touched) : 0;
  const held = Object.values(dispatch.bindings).reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    flops: Math.round(dispatch.flops * (taps?.inside ?? 1)),
    bytes: Math.round(bytesMoved(dispatch) - unread),
    workingSet: Math.round(held - unread),
  };
}

export function totalWork(works: readonly Work[]): Omit<Work, "workingSet"> {
  const sum = (key: "flops" | "bytes") => works.reduce((total, work) => total + work[key], 0);
  return { flops: sum("flops"), bytes: sum("bytes") };
}

interface Taps {
  /** Share of the products whose factor lies within the image. */
  readonly inside: number;
  /** Share of the window's elements that meet the image at all. */
  readonly touched: number;
}

/** Of a convolution with padding, or of either of its gradients; null for anything else. */
function paddedTaps({ solution, flops }: Dispatch): Taps | null {
  if (!solution?.ladder.startsWith("conv2d.") || flops === 0) return null;
  const { geometry } = solution.problem as { readonly geometry: ConvGeometry };
  const { h, w, kh, kw, oh, ow, sh, sw, top, left } = geometry;
  const down = along({ image: h, window: kh, steps: oh, stride: sh, before: top });
  const across = along({ image: w, window: kw, steps: ow, stride: sw, before: left });
  return { inside: down.inside * across.inside, touched: down.touched * across.touched };
}

interface Axis {
  readonly image: number;
  readonly window: number;
  readonly steps: number;
  readonly stride: number;
  readonly before: number;
}

function along({ image, window, steps, stride, before }: Axis): Taps {
  let inside = 0;
  let touched = 0;
  for (let tap = 0; tap < window; tap++) {
    let met = 0;
    for (let step = 0; step < steps; step++) {
      const at = step * stride + tap - before;
      if (at >= 0 && at < image) met++;
    }
    inside += met;
    if (met > 0) touched++;
  }
  return { inside: inside / (window * steps), touched: touched / window };
}

/** Those that are read; a gradient of the weights writes all of them. */
function weightBytes({ bindings: { w } }: Dispatch): number {
  return w?.access === "read" ? w.bytes : 0;
}

/** Milliseconds that a dispatch takes at least by each ceiling. */
export interface LeastTimes {
  readonly compute: number;
  readonly memory: number;
}

export function leastTimes({ flops, bytes, workingSet }: Work, ceilings: Ceilings): LeastTimes {
  return {
    compute: flops / ceilings.gflops / 1e6,
    memory: bytes / bandwidthFor(ceilings, workingSet) / 1e6,
  };
}

/** Of what a program's dispatches take at least, one after another, the share of what they took. */
export function shareOfCeiling(
  dispatches: readonly Dispatch[],
  ms: number,
  ceilings: Ceilings,
): number {
  const least = dispatches.map((dispatch) => {
    const { compute, memory } = leastTimes(workOf(dispatch), ceilings);
    return Math.max(compute, memory);
  });
  return least.reduce((sum, one) => sum + one, 0) / ms;
}
