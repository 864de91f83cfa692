// Matrix product with the epilogue of dense and conv2d, and its ladder of kernels.
//   c = activate(op(a) · op(b) + bias) + residual
//   op(a) (M, K), stored (K, M) with transA     op(b) (K, N), stored (N, K) with transB     bias (N)     c, residual (M, N)
// For gradients, which dense and conv2d know, it does two things besides:
//   slope: c = op(a) · op(b) · f'(…), of the activation whose result is y (M, N)     sums[n] = Σ op(b)[k, n]

import shader from "../../../shaders/gemm/naive.wgsl";
import subgroupShader from "../../../shaders/gemm/subgroup.wgsl";
import { ShapeError } from "../../core/errors.ts";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv, formatShape, shape2 } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Flags } from "../../core/wgsl.ts";
import { climb, type Ladder } from "../../program/ladder.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import { ACTIVATIONS, activationFlags } from "./bias-activation.ts";
import {
  combinations,
  endOf,
  epilogue,
  type Gemm,
  type GemmInto,
  type Problem,
  transposes,
} from "./problem.ts";
import { combineKernel, recordSliced, recordSums, sliceOf } from "./sliced.ts";
import { everyTiled, TILED } from "./tiled.ts";

export type { Gemm, GemmInto } from "./problem.ts";
export { type Combine, recordCombine } from "./sliced.ts";

/** Records c = activate(op(a) · op(b) + bias). Throws ShapeError when the inner extents differ. */
export function recordGemm(rec: Recorder, request: Gemm): Tensor {
  const { m, n } = extentsOf(request);
  const c = rec.allocate([m, n], request.label);
  recordGemmInto(rec, c, request);
  return c;
}

/** The same into a tensor (M, N) that is there already. */
export function recordGemmInto(rec: Recorder, c: Tensor, request: GemmInto): void {
  climb(rec, GEMM, { request, c, ...extentsOf(request) });
}

/**
 * Records the products of equal runs of k, each into a matrix of its own: c[p] = op(a)[:, p·K/P …] · op(b)[p·K/P …, :], with c
 * (P, M, N). So P products of one size are one dispatch, their operands side by side along k.
 */
export function recordGemmParts(
  rec: Recorder,
  c: Tensor,
  request: Omit<GemmInto, "bias" | "activation" | "slope" | "residual" | "sums">,
): void {
  const parts = c.shape[0] ?? 1;
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
  const { transA, transB, bias, activation = "linear", slope, residual, sums } = request;
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
  ].join(", ");
}

export const GEMM: Ladder<Problem> = {
  name: "gemm",
  describe: describeProblem,
  rungs: [
    { name: "naive", fits: () => true, record: recordNaive },
    TILED,
    {
      name: "subgroup",
      fits: (_, { subgroupSize }) => subgroupSize !== null && subgroupSize <= 64,
      record: recordSubgroup,
    },
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
    params: { m, n, k, slices: parts, apart: m * n },
    flops: 2 * m * n * k,
  });
  recordSums(rec, request);
}

function recordSubgroup(rec: Recorder, problem: Problem): void {
  const { request, m, n, k } = problem;
  const { transA, transB } = request;
  const lanes = rec.capabilities.subgroupSize ?? 1;
  const words = wordsOf(n, lanes, transB);
  const tiles = ceilDiv(m, ROWS) * ceilDiv(n, words * lanes * 4);
  const vec = (extent: number) => extent % 4 === 0;
  const slice = sliceOf(rec, tiles, k);
  const withSums = request.sums && slice === k && !transB ? { column_sums: request.sums } : null;
  const flags = {
    ...transposes(request),
    SUMS: withSums !== null,
    VEC_A: vec(transA ? m : k),
    VEC_B: vec(transB ? k : n),
    VEC_C: vec(n),
  };
  recordSliced(rec, problem, {
    tiles,
    tileArea: ROWS * words * lanes * 4,
    kernel: (epilogueFlags) => subgroupKernel({ ...flags, ...epilogueFlags }, lanes, words),
    ...{ slice, besides: withSums ?? {} },
  });
  if (!withSums) recordSums(rec, request);
}

/** Rows of a tile of the subgroup rung. */
const ROWS = 16;

/**
 * Words a lane: two halve the shuffles, and take half as long again as one; so they pay unless too many of their columns
 * lie beyond the edge, or each costs four loads anyway (bench/NOTES.md).
 */
function wordsOf(n: number, lanes: number, transB = false): number {
  return !transB && 1.5 * ceilDiv(n, 8 * lanes) <= ceilDiv(n, 4 * lanes) ? 2 : 1;
}

function naiveKernel(flags: Flags): Kernel {
  return kernelFrom(shader, "multiply", { flags });
}

function subgroupKernel(flags: Flags, lanes: number, words: number): Kernel {
  const constants = { SUBGROUP: lanes, ROWS, WORDS: words };
  return kernelFrom(subgroupShader, "multiply", { flags, constants });
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
  // Where b is stored as c is, by rows of n, their words go together.
  const vecs = combinations(["TRANS_A", "TRANS_B", "VEC_A", "VEC_B", "VEC_C"]).filter(
    ({ TRANS_B, VEC_B, VEC_C }) => TRANS_B || VEC_B === VEC_C,
  );
  for (const end of epilogues) {
    yield combineKernel(end);
    for (const flags of sides) yield naiveKernel({ ...flags, ...end });
    if (subgroupSize === null) continue;
    for (const flags of vecs) {
      for (const words of flags["TRANS_B"] ? [1] : [1, 2])
        yield subgroupKernel({ ...flags, ...end }, subgroupSize, words);
    }
  }
  yield* everyTiled(epilogues);
  if (subgroupSize === null) return;
  for (const flags of vecs.filter(({ TRANS_B }) => !TRANS_B)) {
    for (const words of [1, 2]) yield subgroupKernel({ ...flags, SUMS: true }, subgroupSize, words);
  }
}
