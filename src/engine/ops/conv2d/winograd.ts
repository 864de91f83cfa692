// The winograd rungs of all three ladders: F(2×2, 3×3) for y and dx and F(3×3, 2×2) for dw is `winograd`, F(4×4, 3×3) and
// F(3×3, 4×4) `winograd4`, maps of 2×2 by themselves `toeplitz`. Transforms (winograd.wgsl, winograd4.wgsl, toeplitz.wgsl) around
// 16, 36 or 9 matrix products, which are the gemm ladder's. A pair of channels costs 16 products a tile of 2×2 instead of 36, or
// 36 a tile of 4×4 instead of 144, or 9 a map of 2×2 instead of 16, and more rounding: at most 1e-5 of the largest element of the
// result (docs/kernels.md). In no order of preference, so never taken unless asked for or measured.

import shaderOfMaps from "../../../shaders/conv2d/toeplitz.wgsl";
import shaderOf2 from "../../../shaders/conv2d/winograd.wgsl";
import shaderOf4 from "../../../shaders/conv2d/winograd4.wgsl";
import { viewOf } from "../../core/binding.ts";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv } from "../../core/shape.ts";
import { reshaped, type Tensor } from "../../core/tensor.ts";
import type { Flags } from "../../core/wgsl.ts";
import type { DispatchRequest } from "../../program/dispatch-request.ts";
import type { Rung, RungName } from "../../program/ladder.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import { ACTIVATIONS, type Activation, activationFlags } from "../gemm/bias-activation.ts";
import { recordGemmParts } from "../gemm/gemm.ts";
import { gradientGeometry } from "./direct.ts";
import type {
  ConvGeometry,
  ConvPass,
  ForwardProblem,
  InputGradientProblem,
  WeightGradientProblem,
} from "./problem.ts";
import {
  fitsWinograd,
  MAPS_OF_2,
  mostPartsOf,
  type Part,
  partsOf,
  placesOf,
  TILES_OF_2,
  TILES_OF_4,
  type Tiling,
  tilesApart,
} from "./winograd-tiles.ts";

interface Form {
  readonly name: RungName;
  readonly tiling: Tiling;
  readonly shader: Parameters<typeof kernelFrom>[0];
  /** Floating-point operations of a transform, for each channel of a tile or pair of channels. */
  readonly additions: Readonly<
    Record<"input" | "gradient" | "output" | "weights" | "products", number>
  >;
}

const OF_2: Form = {
  name: "winograd",
  tiling: TILES_OF_2,
  shader: shaderOf2,
  additions: { input: 24, gradient: 12, output: 24, weights: 28, products: 21 },
};
const OF_4: Form = {
  name: "winograd4",
  tiling: TILES_OF_4,
  shader: shaderOf4,
  additions: { input: 200, gradient: 140, output: 160, weights: 108, products: 135 },
};
const OF_MAPS: Form = {
  name: "toeplitz",
  tiling: MAPS_OF_2,
  shader: shaderOfMaps,
  additions: { input: 5, gradient: 5, output: 10, weights: 12, products: 12 },
};
const FORMS = [OF_2, OF_4, OF_MAPS];

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

function recordConvolution(rec: Recorder, form: Form, convolution: Convolution): void {
  const { geometry: g, x, w, b, y, activation, isTurned } = convolution;
  const { i, o } = g;
  const { tiling, additions } = form;
  const { places } = tiling;
  const weights = rec.allocate([places * i, o], isTurned ? "w.turned" : "w.transformed");
  recordTransform(rec, isTurned ? gradientGeometry(g) : g, {
    kernel: kernelOf(form, "transform_weights", { TURNED: isTurned }),
    invocations: ((isTurned ? ceilDiv(i, 16) * 16 : i) * o) / 4,
    bind: { w, transformed: weights },
    additions: additions.weights * i * o,
  });
  const parts = partsOf(g, { ...rec.capabilities, tiling });
  const most = parts[0]?.tiles ?? 0;
  const inputs = rec.allocate([most, places * i], "x.transformed");
  const products = rec.allocate([most, places, o], "products");
  for (const part of parts) {
    const a = viewOf(inputs, [part.tiles, places * i], 0);
    const c = viewOf(products, [part.tiles, places, o], 0);
    recordTransform(rec, g, {
      kernel: kernelOf(form, "transform_input"),
      ...placesOf(part, places, i),
      bind: { x, transformed: a },
      touched: { x: part.share * 4 * g.n * g.h * g.w * i },
      additions: additions.input * part.tiles * i,
    });
    recordGemmParts(rec, c, { op: "conv2d", a, b: weights });
    recordTransform(rec, g, {
      kernel: outputKernel(form, activation, b !== null),
      ...placesOf(part, places, o),
      bind: { products: c, y, ...(b ? { b } : {}) },
      touched: { y: part.share * 4 * g.n * g.oh * g.ow * o },
      additions: additions.output * part.tiles * o,
    });
  }
}

function recordDw(rec: Recorder, form: Form, problem: WeightGradientProblem): void {
  const { geometry: g, x, dy, dw } = problem;
  const { i, o } = g;
  const { tiling, additions } = form;
  const { places } = tiling;
  const mostParts = mostPartsOf(g, rec.capabilities, tiling);
  const parts = partsOf(g, { ...rec.capabilities, tiling, mostParts });
  const most = parts[0]?.tiles ?? 0;
  const inputs = rec.allocate([places * most, i], "x.transformed");
  const gradients = rec.allocate([places * most, o], "dy.transformed");
  const products = rec.allocate([parts.length, i, places, o], "products");
  for (const [index, part] of parts.entries()) {
    const a = viewOf(inputs, [places * part.tiles, i], 0);
    const b = viewOf(gradients, [places * part.tiles, o], 0);
    recordTransform(rec, g, {
      kernel: kernelOf(form, "transform_input"),
      ...tilesApart(part, i),
      bind: { x, transformed: a },
      touched: { x: part.share * 4 * g.n * g.h * g.w * i },
      additions: additions.input * part.tiles * i,
    });
    recordTransform(rec, g, {
      kernel: kernelOf(form, "transform_gradient"),
      ...tilesApart(part, o),
      bind: { dy, transformed: b },
      touched: { dy: part.share * 4 * g.n * g.oh * g.ow * o },
      additions: additions.gradient * part.tiles * o,
    });
    const c = viewOf(products, [i, places, o], index * 4 * places * i * o);
    recordGemmParts(rec, c, { op: "conv2d", a, b, transA: true });
  }
  recordTransform(rec, g, {
    kernel: kernelOf(form, "transform_products"),
    invocations: (i * o) / 4,
    bind: { products: reshaped(products, [parts.length * i, places, o]), dw },
    slices: parts.length,
    additions: (additions.products + places * parts.length) * i * o,
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
  const { kernel, bind, touched = {}, invocations, additions, part } = transform;
  const { apart = { tile_apart: 0, position_apart: 0 }, slices = 1 } = transform;
  const { h, w, i, oh, ow, o, top, left } = g;
  const { first = 0, lines = 0, down = 0, across = 0 } = part ?? {};
  rec.dispatch({
    op: "conv2d",
    kernel,
    grid: linearGrid(invocations, 64),
    bind,
    params: { h, w, i, oh, ow, o, top, left, down, across, first, lines, ...apart, slices },
    touched,
    executedFlops: additions,
  });
}

function kernelOf({ shader }: Form, entry: string, flags: Flags = {}): Kernel {
  return kernelFrom(shader, entry, { flags });
}

function outputKernel(form: Form, activation: Activation, hasBias: boolean): Kernel {
  return kernelOf(form, "transform_output", { ...activationFlags(activation), HAS_BIAS: hasBias });
}

/** One of each form. */
function rungsOf<Problem extends { readonly geometry: ConvGeometry }>(
  record: (rec: Recorder, form: Form, problem: Problem) => void,
): readonly Rung<Problem>[] {
  return FORMS.map((form) => ({
    name: form.name,
    fits: ({ geometry }, capabilities) => fitsWinograd(geometry, capabilities, form.tiling),
    errorOfLargest: 1e-5,
    record: (rec, problem) => record(rec, form, problem),
  }));
}

export const winogradForward = rungsOf<ForwardProblem>((rec, form, problem) =>
  recordConvolution(rec, form, { ...problem, isTurned: false }),
);

export const winogradDx = rungsOf<InputGradientProblem>(
  (rec, form, { geometry, dy: x, w, dx: y }) =>
    recordConvolution(rec, form, {
      geometry: gradientGeometry(geometry),
      ...{ x, w, b: null, y, activation: "linear", isTurned: true },
    }),
);

export const winogradDw = rungsOf<WeightGradientProblem>(recordDw);

/** Every kernel of a pass's rungs, but for the matrix product's. */
export function* winogradKernelsOf(pass: ConvPass): Iterable<Kernel> {
  for (const form of FORMS) {
    yield kernelOf(form, "transform_input");
    if (pass === "dw") {
      yield kernelOf(form, "transform_gradient");
      yield kernelOf(form, "transform_products");
      continue;
    }
    yield kernelOf(form, "transform_weights", { TURNED: pass === "dx" });
    for (const activation of pass === "dx" ? (["linear"] as const) : ACTIVATIONS) {
      for (const hasBias of pass === "dx" ? [false] : [false, true]) {
        yield outputKernel(form, activation, hasBias);
      }
    }
  }
}
