// Matrix product with the epilogue of dense and conv2d, and its ladder of kernels.
//   c = activate(op(a) · op(b) + bias) + residual
//   op(a) (M, K), stored (K, M) with transA     op(b) (K, N), stored (N, K) with transB     bias (N)     c, residual (M, N)
// For gradients, which dense and conv2d know, it does two things besides:
//   slope: c = op(a) · op(b) · f'(…), of the activation whose result is y (M, N)     sums[n] = Σ op(b)[k, n]

import shader from "../../../shaders/gemm/naive.wgsl";
import { ShapeError } from "../../core/errors.ts";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { formatShape, shape2 } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Flags } from "../../core/wgsl.ts";
import { climb, type Ladder } from "../../program/ladder.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import { ACTIVATIONS, activationFlags } from "./bias-activation.ts";
import {
  apartOf,
  combinations,
  endOf,
  epilogue,
  type Gemm,
  type GemmInto,
  type Problem,
  transposes,
} from "./problem.ts";
import { combineKernel, recordSums } from "./sliced.ts";
import { everySubgroup, SUBGROUP } from "./subgroup.ts";
import { everyTiled, SUBGROUP_MATRIX, TILED } from "./tiled.ts";

export type { Gemm, GemmInto } from "./problem.ts";
export { type Combine, recordCombine } from "./sliced.ts";

/** Records c = activate(op(a) · op(b) + bias). Throws ShapeError when the inner extents differ. */
export function recordGemm(rec: Recorder, request: Gemm): Tensor {
  const c = allocateProduct(rec, request);
  recordGemmInto(rec, c, request);
  return c;
}

/** Room for c, which is stored as a is; with a transposed it is a gradient to weights, summed over a batch, and always f32. */
export function allocateProduct(rec: Recorder, request: Gemm): Tensor {
  const { a, transA = false, label } = request;
  const { m, n } = extentsOf(request);
  return rec.allocate([m, n], label, transA ? "f32" : a.dtype);
}

/** The same into a tensor (M, N) that is there already. */
export function recordGemmInto(rec: Recorder, c: Tensor, request: GemmInto): void {
  climb(rec, GEMM, { request, c, ...extentsOf(request) });
}

/**
 * Records the products of equal runs of k, kept apart: c[:, p] = op(a)[:, p·K/P …] · op(b)[p·K/P …, :], with c (M, P, N). So P
 * products of one size are one dispatch, their operands side by side along k.
 */
export function recordGemmParts(
  rec: Recorder,
  c: Tensor,
  request: Omit<GemmInto, "bias" | "activation" | "slope" | "residual" | "sums">,
): void {
  const parts = c.shape[1] ?? 1;
  climb(rec, GEMM, { request, c, ...extentsOf(request), parts });
}

/** Rows and columns of the result, and the length of its sums. Throws ShapeError when the inner extents differ. */
export function extentsOf({ a, b, transA = false, transB = false, op }: GemmInto) {
  const [a0, a1] = shape2(a.shape, op);
  const [b0, b1] = shape2(b.shape, op);
  const [m, k] = transA ? [a1, a0] : [a0, a1];
  const [inner, n] = transB ? [b1, b0] : [b0, b1];
  if (inner !== k) {
    throw new ShapeError(
      `${op}: a product's inner extents are equal, got ${k} of ${formatShape(a.shape)} ` +
        `and ${inner} of ${formatShape(b.shape)}`,
    );
  }
  return { m, n, k };
}

/** `50 × 400 · 400 × 120, b transposed, bias, relu`. */
function describeProblem({ request, m, n, k, parts }: Problem): string {
  const { a, transA, transB, bias, activation = "linear", slope, residual, sums } = request;
  return [
    `${m} × ${k} · ${k} × ${n}`,
    ...(transA ? ["a transposed"] : []),
    ...(transB ? ["b transposed"] : []),
    ...(parts === undefined ? [] : [`${parts} parts`]),
    ...(bias ? ["bias"] : []),
    ...(activation === "linear" ? [] : [activation]),
    ...(residual ? ["a residual"] : []),
    ...(slope ? [`slope of ${slope.activation}`] : []),
    ...(sums ? ["sums of b"] : []),
    ...(a.dtype === "f32" ? [] : [a.dtype]),
  ].join(", ");
}

export const GEMM: Ladder<Problem> = {
  name: "gemm",
  describe: describeProblem,
  rungs: [
    { name: "naive", fits: () => true, record: recordNaive },
    TILED,
    SUBGROUP,
    SUBGROUP_MATRIX,
  ],
};

function recordNaive(rec: Recorder, problem: Problem): void {
  const { request, c, m, n, k, parts = 1 } = problem;
  const { op, a, b } = request;
  const [across, down] = linearGrid(m * n, 64);
  rec.dispatch({
    op,
    kernel: naiveKernel({ ...transposes(request), ...epilogue(request) }),
    grid: [across, down, parts],
    bind: { a, b, c, ...endOf(request) },
    params: { m, n, k, slices: parts, ...apartOf(problem) },
    flops: 2 * m * n * k,
  });
  recordSums(rec, request);
}

function naiveKernel(flags: Flags): Kernel {
  return kernelFrom(shader, "multiply", { flags });
}

/** Ends of products that a residual is added to, whose activation is linear. */
const RESIDUALS = combinations(["HAS_BIAS"]).map((bias) => ({ ...bias, RESIDUAL: true }));

/** Every kernel that this file dispatches on an adapter of that subgroup size; of variants, with one epilogue each. */
export function* gemmKernels(subgroupSize: number | null): Iterable<Kernel> {
  const epilogues = ACTIVATIONS.flatMap((activation) => [
    ...combinations(["HAS_BIAS"]).map((bias) => ({ ...bias, ...activationFlags(activation) })),
    ...(activation === "linear" ? RESIDUALS : [{ SLOPED: true, ...activationFlags(activation) }]),
  ]);
  const sides = combinations(["TRANS_A", "TRANS_B"]);
  for (const end of epilogues) {
    yield combineKernel(end);
    for (const flags of sides) yield naiveKernel({ ...flags, ...end });
  }
  yield* everyTiled(epilogues, subgroupSize);
  if (subgroupSize !== null) yield* everySubgroup(subgroupSize, epilogues);
}
