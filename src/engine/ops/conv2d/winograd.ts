// The winograd rung of all three ladders, F(2×2, 3×3) for y and dx and F(3×3, 2×2) for dw: transforms (winograd.wgsl) around
// 16 matrix products, which are the gemm ladder's. A pair of channels costs 16 products a tile of 2×2 instead of 36, and more
// rounding: at most 1e-5 of the largest element of the result (docs/kernels.md). In no order of preference, so never taken
// unless it is asked for or measured.

import shader from "../../../shaders/conv2d/winograd.wgsl";
import { viewOf } from "../../core/binding.ts";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv } from "../../core/shape.ts";
import { reshaped, type Tensor } from "../../core/tensor.ts";
import type { Flags } from "../../core/wgsl.ts";
import type { DispatchRequest } from "../../program/dispatch-request.ts";
import type { Rung } from "../../program/ladder.ts";
import type { Capabilities } from "../../program/program.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import { ACTIVATIONS, type Activation, activationFlags } from "../gemm/bias-activation.ts";
import { recordGemmParts } from "../gemm/gemm.ts";
import { gradientGeometry } from "./direct.ts";
import type {
  ConvGeometry,
  ForwardProblem,
  InputGradientProblem,
  WeightGradientProblem,
} from "./problem.ts";

/** Places of a transformed tile, and so matrix products. */
const PLACES = 16;
/**
 * Bytes of transformed tiles at a time: on software so few that what reads them finds them in a cache (bench/NOTES.md); on
 * hardware, where this is not measured, enough to fill it.
 */
const PART = { software: 4 * 2 ** 20, hardware: 64 * 2 ** 20 };
/** Parts of dw at most, each of which has products of its own. */
const MOST_PARTS = 16;

type Limits = Pick<Capabilities, "isSoftware" | "maxStorageBufferBindingSize">;

/**
 * Whether the window is 3×3 and visits every pixel, channels are whole words, padding is not wider than the window reaches,
 * and the temporaries can be bound.
 */
export function fitsWinograd(g: ConvGeometry, capabilities: Limits): boolean {
  const { kh, kw, sh, sw, i, o, top, left } = g;
  if (kh !== 3 || kw !== 3 || sh !== 1 || sw !== 1 || top > 2 || left > 2) return false;
  if (i % 4 > 0 || o % 4 > 0) return false;
  const most = mostPartsOf(g, capabilities);
  const maps = [g, gradientGeometry(g)];
  const tiles = maps.map((map) => linesOf(map, capabilities, most) * tilesOf(map).across);
  return most > 0 && 4 * PLACES * Math.max(...tiles) * Math.max(i, o) <= limitOf(capabilities);
}

function limitOf({ maxStorageBufferBindingSize }: Limits): number {
  return maxStorageBufferBindingSize ?? Number.POSITIVE_INFINITY;
}

/** Parts of dw whose products fit into one binding; 0 where not even transformed weights do. */
function mostPartsOf({ i, o }: ConvGeometry, capabilities: Limits): number {
  return Math.min(MOST_PARTS, Math.floor(limitOf(capabilities) / (4 * PLACES * i * o)));
}

/** Tiles of an image of the map written. */
function tilesOf({ oh, ow }: ConvGeometry) {
  return { down: ceilDiv(oh, 2), across: ceilDiv(ow, 2) };
}

/** Lines of tiles that are transformed at a time. */
function linesOf(
  g: ConvGeometry,
  { isSoftware }: Pick<Capabilities, "isSoftware">,
  mostParts = Number.POSITIVE_INFINITY,
): number {
  const { down, across } = tilesOf(g);
  const all = g.n * down;
  const bytes = 4 * PLACES * across * Math.max(g.i, g.o);
  const fitting = Math.floor(PART[isSoftware ? "software" : "hardware"] / bytes);
  return Math.min(all, Math.max(1, fitting, ceilDiv(all, mostParts)));
}

/** Some lines of tiles: those of one turn of the three dispatches. */
interface Part {
  readonly first: number;
  readonly lines: number;
  readonly tiles: number;
  /** Of all of them. */
  readonly share: number;
}

function partsOf(g: ConvGeometry, lines: number): readonly Part[] {
  const { down, across } = tilesOf(g);
  const all = g.n * down;
  return Array.from({ length: ceilDiv(all, lines) }, (_, index) => {
    const first = index * lines;
    const count = Math.min(lines, all - first);
    return { first, lines: count, tiles: count * across, share: count / all };
  });
}

/** An invocation takes a line of tiles of four channels, which lie next to each other in a tile's place. */
function quadsOf(part: Part, channels: number) {
  const quads = channels / 4;
  const apart = { tile_apart: quads, position_apart: part.tiles * quads };
  return { part, invocations: part.lines * quads, apart };
}

/** A convolution: of x with w, or of dy with the weights turned around. */
interface Convolution {
  readonly geometry: ConvGeometry;
  readonly x: Tensor;
  readonly w: Tensor;
  readonly b: Tensor | null;
  readonly y: Tensor;
  readonly activation: Activation;
  /** Whether w holds the weights of the convolution whose input gradient this is. */
  readonly isTurned: boolean;
}

function recordForward(rec: Recorder, problem: ForwardProblem): void {
  recordConvolution(rec, { ...problem, isTurned: false });
}

function recordDx(rec: Recorder, { geometry, dy, w, dx }: InputGradientProblem): void {
  const activation = "linear";
  const turned = { geometry: gradientGeometry(geometry), isTurned: true };
  recordConvolution(rec, { ...turned, x: dy, w, b: null, y: dx, activation });
}

function recordConvolution(rec: Recorder, convolution: Convolution): void {
  const { geometry: g, x, w, b, y, activation, isTurned } = convolution;
  const { i, o } = g;
  const weights = rec.allocate([PLACES * i, o], isTurned ? "w.turned" : "w.transformed");
  const ofWeights = isTurned ? gradientGeometry(g) : g;
  recordTransform(rec, ofWeights, {
    kernel: kernelOf("transform_weights", { TURNED: isTurned }),
    invocations: (i * o) / 4,
    bind: { w, transformed: weights },
    additions: 28 * i * o,
  });
  const parts = partsOf(g, linesOf(g, rec.capabilities));
  const most = parts[0]?.tiles ?? 0;
  const inputs = rec.allocate([most, PLACES * i], "x.transformed");
  const products = rec.allocate([PLACES, most, o], "products");
  for (const part of parts) {
    const { tiles, share } = part;
    const a = viewOf(inputs, [tiles, PLACES * i], 0);
    const c = viewOf(products, [PLACES, tiles, o], 0);
    recordTransform(rec, g, {
      kernel: kernelOf("transform_input"),
      invocations: (part.lines * i) / 4,
      bind: { x, transformed: a },
      part,
      apart: { tile_apart: (PLACES * i) / 4, position_apart: i / 4 },
      touched: { x: share * 4 * g.n * g.h * g.w * i },
      additions: 24 * tiles * i,
    });
    recordGemmParts(rec, c, { op: "conv2d", a, b: weights });
    recordTransform(rec, g, {
      kernel: outputKernel(activation, b !== null),
      ...quadsOf(part, o),
      bind: { products: c, y, ...(b ? { b } : {}) },
      touched: { y: share * 4 * g.n * g.oh * g.ow * o },
      additions: 24 * tiles * o,
    });
  }
}

function recordDw(rec: Recorder, problem: WeightGradientProblem): void {
  const { geometry: g, x, dy, dw } = problem;
  const { i, o } = g;
  const parts = partsOf(g, linesOf(g, rec.capabilities, mostPartsOf(g, rec.capabilities)));
  const most = parts[0]?.tiles ?? 0;
  const inputs = rec.allocate([PLACES * most, i], "x.transformed");
  const gradients = rec.allocate([PLACES * most, o], "dy.transformed");
  const products = rec.allocate([parts.length, PLACES, i, o], "products");
  for (const [index, part] of parts.entries()) {
    const { tiles, share } = part;
    const a = viewOf(inputs, [PLACES * tiles, i], 0);
    const b = viewOf(gradients, [PLACES * tiles, o], 0);
    recordTransform(rec, g, {
      kernel: kernelOf("transform_input"),
      ...quadsOf(part, i),
      bind: { x, transformed: a },
      touched: { x: share * 4 * g.n * g.h * g.w * i },
      additions: 24 * tiles * i,
    });
    recordTransform(rec, g, {
      kernel: kernelOf("transform_gradient"),
      ...quadsOf(part, o),
      bind: { dy, transformed: b },
      touched: { dy: share * 4 * g.n * g.oh * g.ow * o },
      additions: 12 * tiles * o,
    });
    const c = viewOf(products, [PLACES, i, o], index * 4 * PLACES * i * o);
    recordGemmParts(rec, c, { op: "conv2d", a, b, transA: true });
  }
  recordTransform(rec, g, {
    kernel: kernelOf("transform_products"),
    invocations: (i * o) / 4,
    bind: { products: reshaped(products, [parts.length * PLACES, i, o]), dw },
    slices: parts.length,
    additions: (21 + PLACES * parts.length) * i * o,
  });
}

interface Transform extends Pick<DispatchRequest, "kernel" | "bind" | "touched"> {
  readonly invocations: number;
  /** The lines of tiles, for what goes over maps. */
  readonly part?: Part;
  readonly apart?: { readonly tile_apart: number; readonly position_apart: number };
  readonly slices?: number;
  readonly additions: number;
}

function recordTransform(rec: Recorder, g: ConvGeometry, transform: Transform): void {
  const { kernel, bind, touched = {}, invocations, additions } = transform;
  const { part, apart = { tile_apart: 0, position_apart: 0 }, slices = 1 } = transform;
  const { h, w, i, oh, ow, o, top, left } = g;
  const lines = { first: part?.first ?? 0, lines: part?.lines ?? 0 };
  rec.dispatch({
    op: "conv2d",
    kernel,
    grid: linearGrid(invocations, 64),
    bind,
    params: { h, w, i, oh, ow, o, top, left, ...tilesOf(g), ...lines, ...apart, slices },
    touched,
    executedFlops: additions,
  });
}

function kernelOf(entry: string, flags: Flags = {}): Kernel {
  return kernelFrom(shader, entry, { flags });
}

function outputKernel(activation: Activation, hasBias: boolean): Kernel {
  return kernelOf("transform_output", { ...activationFlags(activation), HAS_BIAS: hasBias });
}

const WINOGRAD = {
  name: "winograd",
  fits: ({ geometry }: { readonly geometry: ConvGeometry }, capabilities: Capabilities) =>
    fitsWinograd(geometry, capabilities),
  errorOfLargest: 1e-5,
} as const;

export const winogradForward: Rung<ForwardProblem> = { ...WINOGRAD, record: recordForward };
export const winogradDx: Rung<InputGradientProblem> = { ...WINOGRAD, record: recordDx };
export const winogradDw: Rung<WeightGradientProblem> = { ...WINOGRAD, record: recordDw };

/** Every kernel of the rung, but for the matrix product's. */
export function* winogradKernels(): Iterable<Kernel> {
  for (const TURNED of [false, true]) yield kernelOf("transform_weights", { TURNED });
  for (const entry of ["transform_input", "transform_gradient", "transform_products"]) {
    yield kernelOf(entry);
  }
  for (const activation of ACTIVATIONS) {
    for (const hasBias of [false, true]) yield outputKernel(activation, hasBias);
  }
}
