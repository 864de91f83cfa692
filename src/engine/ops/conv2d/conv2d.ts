// 2-D convolution (cross-correlation, as every library means it), NHWC, with bias and activation in the same kernel.
//   y[n,oh,ow,o] = activate(b[o] + Σ x[n, oh·sh + kh − top, ow·sw + kw − left, i] · w[kh,kw,i,o])
//   x (N,H,W,I)   w (KH,KW,I,O)   b (O)   ->   y (N,OH,OW,O)
// "same" pads as TensorFlow does: the odd pixel goes to the bottom and right. Dilation is always 1. The op and its three
// ladders are here, each rung in a file of its own beside.

import naiveShader from "../../../shaders/conv2d/naive.wgsl";
import { ShapeError } from "../../core/errors.ts";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { formatShape, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { climb, type Ladder, type Rung } from "../../program/ladder.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import { apply, type Op } from "../../program/tape.ts";
import type { TapeEntry } from "../../program/tape-entry.ts";
import {
  ACTIVATIONS,
  type Activation,
  activationFlags,
  recordBiasActivationBackward,
  recordBiasGradient,
} from "../gemm/bias-activation.ts";
import { directKernelsOf, fitsDirect, gradientGeometry, recordDirect } from "./direct.ts";
import { implicitDwKernels, recordImplicitDw, suitsImplicitDw } from "./dw-implicit.ts";
import { fitsSlidingDw, recordSlidingDw, slidingDwKernels, suitsSlidingDw } from "./dw-sliding.ts";
import {
  fitsWeightGradient,
  recordWeightGradient,
  weightGradientSubgroupKernels,
} from "./dw-subgroup.ts";
import { fitsGemm, recordGemmDw, recordGemmDx, recordGemmForward } from "./gemm.ts";
import {
  fitsImplicit,
  implicitKernelsOf,
  recordImplicit,
  suitsImplicit,
  suitsImplicitDx,
} from "./implicit.ts";
import {
  type Conv2dAttrs,
  type ConvGeometry,
  convFlops,
  convGeometry,
  describeGeometry,
  type ForwardProblem,
  type InputGradientProblem,
  inputBytes,
  type WeightGradientProblem,
} from "./problem.ts";
import { tiledKernelsOf, tiledRungs } from "./tiled.ts";
import { winogradDw, winogradDx, winogradForward, winogradKernelsOf } from "./winograd.ts";

export type { Conv2dAttrs } from "./problem.ts";

/** With or without bias. */
type Inputs = readonly [x: Tensor, w: Tensor] | readonly [x: Tensor, w: Tensor, b: Tensor];

interface Saved {
  readonly inputs: Inputs;
  readonly y: Tensor;
  readonly geometry: ConvGeometry;
}

export const conv2d: Op<Inputs, Conv2dAttrs, Saved> = {
  name: "conv2d",

  infer([x, w, b], attrs) {
    const { n, oh, ow, o } = convGeometry(x, w, attrs);
    if (b && (b.length !== 1 || b[0] !== o)) {
      throw new ShapeError(
        `conv2d: the bias has one element a filter, (${o},), got ${formatShape(b)}`,
      );
    }
    return [n, oh, ow, o];
  },

  forward(rec, inputs, attrs, shape) {
    const [x, w, b = null] = inputs;
    const geometry = convGeometry(x.shape, w.shape, attrs);
    const y = rec.allocate(shape, "y", x.dtype);
    climb(rec, forwardLadder, { geometry, x, w, b, y, activation: attrs.activation });
    return { output: y, saved: { inputs, y, geometry } };
  },

  activationOf: ({ activation }) => activation,

  backward(rec, dy, saved, attrs, needs, { isSloped }) {
    const { inputs, y, geometry } = saved;
    const [x, w, b] = inputs;
    const { activation } = attrs;
    const hasBias = b !== undefined && needs[2] === true;
    const { dz, db, sums } = recordBiasActivationBackward(rec, {
      ...{ dy, y, activation, hasBias, isSloped, summedBeside: needs[1] },
    });
    const dx = needs[0] ? rec.allocate(x.shape, "dx", x.dtype) : null;
    const dw = needs[1] ? rec.allocate(w.shape, "dw") : null;
    if (dx) climb(rec, inputGradientLadder, { geometry, dy: dz, w, dx });
    if (dw) climb(rec, weightGradientLadder, { geometry, x, dy: dz, dw, db: sums });
    return b ? [dx, dw, db] : [dx, dw];
  },
};

/** Records what the sigmoid of a convolution was applied to; null for an entry of another op or activation. */
export function conv2dWithoutSigmoid(rec: Recorder, entry: TapeEntry): Tensor | null {
  if (entry.op !== conv2d.name) return null;
  const attrs = entry.attrs as Conv2dAttrs;
  if (attrs.activation !== "sigmoid") return null;
  const inputs = entry.inputs as readonly Tensor[] as Inputs;
  return apply(rec, conv2d, inputs, { ...attrs, activation: "linear" });
}

/** The ways to compute y, from naive upwards. */
export const forwardLadder: Ladder<ForwardProblem> = {
  name: "conv2d.forward",
  describe: ({ geometry, x, b, activation }) =>
    [
      describeGeometry(geometry, x),
      ...(b ? ["bias"] : []),
      ...(activation === "linear" ? [] : [activation]),
    ].join(", "),
  rungs: [
    {
      name: "naive",
      fits: () => true,
      record: (rec, { geometry, x, w, b, y, activation }) =>
        rec.dispatch({
          op: "conv2d",
          kernel: naiveKernel(activation, b !== null),
          grid: linearGrid(sizeOf(y.shape), 64),
          bind: { x, w, y, ...(b ? { b } : {}) },
          params: { ...geometry },
          flops: convFlops(geometry),
          touched: { x: inputBytes(geometry) },
        }),
    },
    ...tiledRungs<ForwardProblem>("forward", ({ geometry, x, w, b, y, activation }) => ({
      ...{ geometry, a: x, b: w, out: y, bias: b, activation },
    })),
    {
      name: "subgroup",
      fits: ({ geometry }, { subgroupSize }) => fitsDirect(geometry, subgroupSize),
      record: (rec, problem) =>
        recordDirect(rec, { ...problem, transposed: false, flops: convFlops(problem.geometry) }),
    },
    {
      name: "implicit",
      fits: ({ geometry }, { subgroupSize }) => fitsImplicit(geometry, subgroupSize),
      suits: ({ geometry }) => suitsImplicit(geometry),
      record: (rec, { x, y, ...problem }) =>
        recordImplicit(rec, { ...problem, from: x, to: y, isGradient: false }),
    },
    { name: "gemm", fits: ({ geometry }) => fitsGemm(geometry), record: recordGemmForward },
    ...winogradForward,
  ],
};

function naiveKernel(activation: Activation, hasBias: boolean): Kernel {
  const flags = { ...activationFlags(activation), HAS_BIAS: hasBias };
  return kernelFrom(naiveShader, "forward", { flags });
}

/** Every kernel that the ladder of the forward pass dispatches, but for the matrix product's. */
export function* forwardKernels(subgroupSize: number | null): Iterable<Kernel> {
  for (const activation of ACTIVATIONS) {
    for (const hasBias of [false, true]) yield naiveKernel(activation, hasBias);
  }
  yield* directKernelsOf("forward", subgroupSize);
  yield* implicitKernelsOf("forward", subgroupSize);
  yield* tiledKernelsOf("forward", subgroupSize);
  yield* winogradKernelsOf("forward");
}

const NAIVE_DX: Kernel = kernelFrom(naiveShader, "input_gradient");

/** The ways to compute dx[n,h,w,i] = Σ dy[n,oh,ow,o] · w[kh,kw,i,o] over the windows that hold (h, w). */
export const inputGradientLadder: Ladder<InputGradientProblem> = {
  name: "conv2d.dx",
  describe: ({ geometry, dy }) => describeGeometry(geometry, dy),
  rungs: [
    {
      name: "naive",
      fits: () => true,
      record: (rec, { geometry, dy, w, dx }) =>
        rec.dispatch({
          op: "conv2d",
          kernel: NAIVE_DX,
          grid: linearGrid(sizeOf(dx.shape), 64),
          bind: { dy, w, dx },
          params: { ...geometry },
          flops: convFlops(geometry),
        }),
    },
    ...tiledRungs<InputGradientProblem>("dx", ({ geometry, dy, w, dx }) => ({
      ...{ geometry, a: dy, b: w, out: dx },
    })),
    {
      name: "subgroup",
      fits: ({ geometry }, { subgroupSize }) =>
        geometry.sh === 1 &&
        geometry.sw === 1 &&
        fitsDirect(gradientGeometry(geometry), subgroupSize),
      record: (rec, { geometry, dy, w, dx }) =>
        recordDirect(rec, {
          geometry: gradientGeometry(geometry),
          x: dy,
          w,
          b: null,
          y: dx,
          activation: "linear",
          transposed: true,
          flops: convFlops(geometry),
        }),
    },
    {
      name: "implicit",
      fits: ({ geometry }, { subgroupSize }) => fitsImplicit(geometry, subgroupSize),
      suits: ({ geometry }) => suitsImplicitDx(geometry),
      record: (rec, { geometry, dy, w, dx }) =>
        recordImplicit(rec, {
          ...{ geometry, from: dy, w, b: null, to: dx },
          activation: "linear",
          isGradient: true,
        }),
    },
    { name: "gemm", fits: ({ geometry }) => fitsGemm(geometry), record: recordGemmDx },
    ...winogradDx,
  ],
};

/** The same of the input gradient. */
export function* inputGradientKernels(subgroupSize: number | null): Iterable<Kernel> {
  yield NAIVE_DX;
  yield* directKernelsOf("dx", subgroupSize);
  yield* implicitKernelsOf("dx", subgroupSize);
  yield* tiledKernelsOf("dx", subgroupSize);
  yield* winogradKernelsOf("dx");
}

const NAIVE_DW: Kernel = kernelFrom(naiveShader, "weight_gradient");

/** The ways to compute dw[kh,kw,i,o] = Σ x[n, oh·sh + kh − top, ow·sw + kw − left, i] · dy[n,oh,ow,o]. */
export const weightGradientLadder: Ladder<WeightGradientProblem> = {
  name: "conv2d.dw",
  describe: ({ geometry, x, db }) => describeGeometry(geometry, x) + (db ? ", bias" : ""),
  rungs: [
    withBiasGradient({
      name: "naive",
      fits: () => true,
      record: (rec, { geometry, x, dy, dw }) =>
        rec.dispatch({
          op: "conv2d",
          kernel: NAIVE_DW,
          grid: linearGrid(sizeOf(dw.shape), 64),
          bind: { x, dy, dw },
          params: { ...geometry },
          flops: convFlops(geometry),
          touched: { x: inputBytes(geometry) },
        }),
    }),
    ...tiledRungs<WeightGradientProblem>("dw", ({ geometry, x, dy, dw }) => ({
      ...{ geometry, a: x, b: dy, out: dw },
    })).map(withBiasGradient),
    {
      name: "subgroup",
      fits: ({ geometry }, { subgroupSize }) => fitsWeightGradient(geometry, subgroupSize),
      record: recordWeightGradient,
    },
    {
      name: "sliding",
      fits: ({ geometry }, { subgroupSize }) => fitsSlidingDw(geometry, subgroupSize),
      suits: ({ geometry }, { subgroupSize }) => suitsSlidingDw(geometry, subgroupSize),
      record: recordSlidingDw,
    },
    withBiasGradient({
      name: "implicit",
      fits: ({ geometry }, { subgroupSize }) => fitsImplicit(geometry, subgroupSize),
      suits: ({ geometry }) => suitsImplicitDw(geometry),
      record: recordImplicitDw,
    }),
    { name: "gemm", fits: ({ geometry }) => fitsGemm(geometry), record: recordGemmDw },
    ...winogradDw.map(withBiasGradient),
  ],
};

/** For a rung that leaves db to a dispatch of its own. */
function withBiasGradient(rung: Rung<WeightGradientProblem>): Rung<WeightGradientProblem> {
  const withSums = <R extends Pick<Rung<WeightGradientProblem>, "record">>(recording: R): R => ({
    ...recording,
    record: (rec, problem) => {
      recording.record(rec, problem);
      if (problem.db) recordBiasGradient(rec, problem.dy, problem.db);
    },
  });
  const { variants, ...own } = rung;
  return { ...withSums(own), ...(variants && { variants: variants.map(withSums) }) };
}

/** The same of the weight gradient, but for the bias's. */
export function* weightGradientKernels(subgroupSize: number | null): Iterable<Kernel> {
  yield NAIVE_DW;
  yield* weightGradientSubgroupKernels(subgroupSize);
  yield* slidingDwKernels(subgroupSize);
  yield* implicitDwKernels(subgroupSize);
  yield* tiledKernelsOf("dw", subgroupSize);
  yield* winogradKernelsOf("dw");
}
