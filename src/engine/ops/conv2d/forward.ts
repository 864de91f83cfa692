// The ladder `conv2d.forward`: the ways to compute y, from naive upwards.

import naiveShader from "../../../shaders/conv2d/naive.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Ladder } from "../../program/ladder.ts";
import { linearGrid } from "../../program/recorder.ts";
import { ACTIVATIONS, type Activation, activationFlags } from "../gemm/bias-activation.ts";
import { directKernels, fitsDirect, recordDirect } from "./direct.ts";
import { fitsGemm, recordGemmForward } from "./gemm.ts";
import { fitsImplicit, implicitKernels, recordImplicit, suitsImplicit } from "./implicit.ts";
import { convFlops, type ForwardProblem, inputBytes } from "./problem.ts";
import { fitsTiled, recordTiled, tiledKernels } from "./tiled.ts";

export const forwardLadder: Ladder<ForwardProblem> = {
  name: "conv2d.forward",
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
    {
      name: "tiled",
      fits: ({ geometry }) => fitsTiled("forward", geometry),
      record: (rec, { geometry, x, w, b, y, activation }) =>
        recordTiled(rec, { pass: "forward", geometry, a: x, b: w, out: y, bias: b, activation }),
    },
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
  ],
};

function naiveKernel(activation: Activation, hasBias: boolean): Kernel {
  const flags = { ...activationFlags(activation), HAS_BIAS: hasBias };
  return kernelFrom(naiveShader, "forward", { flags });
}

/** Every kernel that the forward pass may dispatch, and the tiled ones of all three passes. */
export function* forwardKernels(subgroupSize: number | null): Iterable<Kernel> {
  for (const activation of ACTIVATIONS) {
    for (const hasBias of [false, true]) yield naiveKernel(activation, hasBias);
  }
  yield* directKernels(subgroupSize);
  yield* implicitKernels(subgroupSize);
  yield* tiledKernels();
}
