// The ladder `conv2d.dx`: the ways to compute the gradient of the input, from naive upwards.
//   dx[n,h,w,i] = Σ dy[n,oh,ow,o] · w[kh,kw,i,o] over the windows that hold (h, w)

import naiveShader from "../../../shaders/conv2d/naive.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Ladder } from "../../program/ladder.ts";
import { linearGrid } from "../../program/recorder.ts";
import { fitsDirect, gradientGeometry, recordDirect } from "./direct.ts";
import { fitsGemm, recordGemmDx } from "./gemm.ts";
import { fitsImplicit, recordImplicit, suitsImplicitDx } from "./implicit.ts";
import { convFlops, type InputGradientProblem } from "./problem.ts";
import { fitsTiled, recordTiled } from "./tiled.ts";

const NAIVE: Kernel = kernelFrom(naiveShader, "input_gradient");

export const inputGradientLadder: Ladder<InputGradientProblem> = {
  name: "conv2d.dx",
  rungs: [
    {
      name: "naive",
      fits: () => true,
      record: (rec, { geometry, dy, w, dx }) =>
        rec.dispatch({
          op: "conv2d",
          kernel: NAIVE,
          grid: linearGrid(sizeOf(dx.shape), 64),
          bind: { dy, w, dx },
          params: { ...geometry },
          flops: convFlops(geometry),
        }),
    },
    {
      name: "tiled",
      fits: ({ geometry }) => fitsTiled("dx", geometry),
      record: (rec, { geometry, dy, w, dx }) =>
        recordTiled(rec, { pass: "dx", geometry, a: dy, b: w, out: dx }),
    },
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
  ],
};

/** Every kernel that the input gradient dispatches and the forward pass does not. */
export function* inputGradientKernels(): Iterable<Kernel> {
  yield NAIVE;
}
