// The ladder `conv2d.dw`: the ways to compute the gradient of the weights, from naive upwards.
//   dw[kh,kw,i,o] = Σ x[n, oh·sh + kh − top, ow·sw + kw − left, i] · dy[n,oh,ow,o]

import naiveShader from "../../../shaders/conv2d/naive.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Ladder } from "../../program/ladder.ts";
import { linearGrid } from "../../program/recorder.ts";
import { implicitDwKernels, recordImplicitDw, suitsImplicitDw } from "./dw-implicit.ts";
import {
  fitsWeightGradient,
  recordWeightGradient,
  weightGradientSubgroupKernels,
} from "./dw-subgroup.ts";
import { fitsGemm, recordGemmDw } from "./gemm.ts";
import { fitsImplicit } from "./implicit.ts";
import { convFlops, inputBytes, type WeightGradientProblem } from "./problem.ts";
import { fitsTiled, recordTiled } from "./tiled.ts";

const NAIVE: Kernel = kernelFrom(naiveShader, "weight_gradient");

export const weightGradientLadder: Ladder<WeightGradientProblem> = {
  name: "conv2d.dw",
  rungs: [
    {
      name: "naive",
      fits: () => true,
      record: (rec, { geometry, x, dy, dw }) =>
        rec.dispatch({
          op: "conv2d",
          kernel: NAIVE,
          grid: linearGrid(sizeOf(dw.shape), 64),
          bind: { x, dy, dw },
          params: { ...geometry },
          flops: convFlops(geometry),
          touched: { x: inputBytes(geometry) },
        }),
    },
    {
      name: "tiled",
      fits: ({ geometry }) => fitsTiled("dw", geometry),
      record: (rec, { geometry, x, dy, dw }) =>
        recordTiled(rec, { pass: "dw", geometry, a: x, b: dy, out: dw }),
    },
    {
      name: "subgroup",
      fits: ({ geometry }, { subgroupSize }) => fitsWeightGradient(geometry, subgroupSize),
      record: recordWeightGradient,
    },
    {
      name: "implicit",
      fits: ({ geometry }, { subgroupSize }) => fitsImplicit(geometry, subgroupSize),
      suits: ({ geometry }) => suitsImplicitDw(geometry),
      record: recordImplicitDw,
    },
    { name: "gemm", fits: ({ geometry }) => fitsGemm(geometry), record: recordGemmDw },
  ],
};

/** Every kernel that the weight gradient may dispatch. */
export function* weightGradientKernels(subgroupSize: number | null): Iterable<Kernel> {
  yield NAIVE;
  yield* weightGradientSubgroupKernels(subgroupSize);
  yield* implicitDwKernels(subgroupSize);
}
