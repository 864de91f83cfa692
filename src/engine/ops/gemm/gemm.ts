// Matrix product with the epilogue of dense and conv2d, and its ladder of kernels.
//   c = activate(op(a) · op(b) + bias)
//   op(a) (M, K), stored (K, M) with transA     op(b) (K, N), stored (N, K) with transB     bias (N)     c (M, N)
// For gradients, which dense and conv2d know, it does two things besides:
//   slope: c = op(a) · op(b) · f'(…), of the activation whose result is y (M, N)     sums[n] = Σ op(b)[k, n]

import shader from "../../../shaders/gemm/naive.wgsl";
import subgroupShader from "../../../shaders/gemm/subgroup.wgsl";
import tiledShader from "../../../shaders/gemm/tiled.wgsl";
import { ShapeError } from "../../core/errors.ts";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv, formatShape, shape2 } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Flags } from "../../core/wgsl.ts";
import { climb, type Ladder } from "../../program/ladder.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import {
  ACTIVATIONS,
  type Activation,
  activationFlags,
  recordBiasGradient,
  type Slope,
} from "./bias-activation.ts";

export interface Gemm {
  /** The op on whose behalf, as programs and profiles show it: `dense`, `conv2d`. */
  readonly op: string;
  readonly a: Tensor;
  readonly b: Tensor;
  readonly transA?: boolean;
  readonly transB?: boolean;
  readonly bias?: Tensor | null;
  readonly activation?: Activation;
  /** With neither bias nor activation: the result is multiplied by it. */
  readonly slope?: Slope | null;
  /** (N), with transA alone: takes the sums of op(b) over k. */
  readonly sums?: Tensor | null;
  /** Label of the result. */
  readonly label: string;
}

export type GemmInto = Omit<Gemm, "label">;

interface Problem {
  readonly request: GemmInto;
  readonly c: Tensor;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Products of so many equal runs of k, kept apart: c is (parts, M, N); without it, one. */
  readonly parts?: number;
}

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
  request: Omit<GemmInto, "bias" | "activation" | "slope" | "sums">,
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
  const { transA, transB, bias, activation = "linear", slope, sums } = request;
  return [
    `${m} × ${k} · ${k} × ${n}`,
    ...(transA ? ["a transposed"] : []),
    ...(transB ? ["b transposed"] : []),
    ...(parts === undefined ? [] : [`${parts} parts`]),
    ...(bias ? ["bias"] : []),
    ...(activation === "linear" ? [] : [activation]),
    ...(slope ? [`slope of ${slope.activation}`] : []),
    ...(sums ? ["sums of b"] : []),
  ].join(", ");
}

export const GEMM: Ladder<Problem> = {
  name: "gemm",
  describe: describeProblem,
  rungs: [
    { name: "naive", fits: () => true, record: recordNaive },
    { name: "tiled", fits: () => true, record: recordTiled },
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

/** The sums by themselves, for rungs that have none of their own. */
function recordSums(rec: Recorder, { b, sums }: GemmInto): void {
  if (sums) recordBiasGradient(rec, b, sums);
}

/** Workgroups that keep an adapter busy; below half of that, the sum over k is cut into slices. */
const FILLING = { software: 4, hardware: 128 };
/** Fewer steps of k than this are not worth a slice. */
const SLICE_STEPS = 64;

function recordTiled(rec: Recorder, problem: Problem): void {
  const { request, m, n, k } = problem;
  const { transA, transB } = request;
  const tiles = ceilDiv(m, 64) * ceilDiv(n, 64);
  recordSliced(rec, problem, {
    tiles,
    tileArea: 64 * 64,
    kernel: (epilogueFlags) =>
      tiledKernel({
        ...transposes(request),
        ...epilogueFlags,
        VEC_A: transA === true && m % 4 === 0,
        VEC_B: !transB && n % 4 === 0,
        VEC_C: n % 4 === 0,
      }),
    slice: sliceOf(rec, tiles, k),
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
  const withSums = request.sums && slice === k && !transB ? { sums: request.sums } : null;
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

/** Steps of k in a slice: all of them unless the tiles are too few to fill the machine. */
function sliceOf(rec: Recorder, tiles: number, k: number): number {
  const filling = FILLING[rec.capabilities.isSoftware ? "software" : "hardware"];
  const slices = Math.min(Math.floor(filling / tiles), Math.floor(k / SLICE_STEPS));
  return slices < 2 ? k : ceilDiv(ceilDiv(k, slices), 16) * 16;
}

interface Tiling {
  readonly tiles: number;
  /** Elements of a tile, all of which are computed. */
  readonly tileArea: number;
  readonly slice: number;
  readonly kernel: (epilogueFlags: Flags) => Kernel;
  /** What else the kernel writes. */
  readonly besides?: Readonly<Record<string, Tensor>>;
}

/** One dispatch; or with several slices of k that are not asked for, partial products and their sum in slice order. */
function recordSliced(rec: Recorder, problem: Problem, tiling: Tiling): void {
  const { tiles, tileArea, kernel, besides = {} } = tiling;
  const { request, c, m, n, k, parts } = problem;
  const { op, a, b } = request;
  const slice = parts === undefined ? tiling.slice : k / parts;
  const slices = ceilDiv(k, slice);
  const [x, y] = linearGrid(tiles, 1);
  const shared = {
    op,
    params: { m, n, k, slice },
    grid: [x, y, slices],
    flops: 2 * m * n * k,
    executedFlops: 2 * tiles * tileArea * k,
  } as const;
  if (slices === 1 || parts !== undefined) {
    const bind = { a, b, c, ...endOf(request), ...besides };
    rec.dispatch({ ...shared, kernel: kernel(epilogue(request)), bind });
    return;
  }
  const partial = rec.allocate([slices, m, n], "slices");
  rec.dispatch({ ...shared, kernel: kernel({}), bind: { a, b, c: partial } });
  recordCombine(rec, c, { ...request, partial, slices, apart: m * n });
}

export interface Combine extends Pick<Gemm, "op" | "bias" | "activation" | "slope"> {
  /** Products of c's shape, a number of elements `apart`. */
  readonly partial: Tensor;
  readonly slices: number;
  readonly apart: number;
}

/** Records c = activate(Σ partial + bias), summed in order. */
export function recordCombine(rec: Recorder, c: Tensor, request: Combine): void {
  const { op, partial, slices, apart } = request;
  const [m, n] = shape2(c.shape, op);
  rec.dispatch({
    op,
    kernel: combineKernel(epilogue(request)),
    grid: linearGrid(m * n, 64),
    bind: { partial, c, ...endOf(request) },
    params: { m, n, k: 0, slices, apart },
    executedFlops: slices * m * n,
    touched: { partial: 4 * slices * m * n },
  });
}

function transposes({ transA = false, transB = false }: GemmInto): Flags {
  return { TRANS_A: transA, TRANS_B: transB };
}

type End = Pick<Gemm, "bias" | "activation" | "slope">;

function epilogue({ bias, activation = "linear", slope }: End): Flags {
  if (slope) return { SLOPED: true, ...activationFlags(slope.activation) };
  return { HAS_BIAS: Boolean(bias), ...activationFlags(activation) };
}

function endOf({ bias, slope }: End): Readonly<Record<string, Tensor>> {
  return { ...(bias ? { bias } : {}), ...(slope ? { y: slope.y } : {}) };
}

function naiveKernel(flags: Flags): Kernel {
  return kernelFrom(shader, "multiply", { flags });
}

function combineKernel(flags: Flags): Kernel {
  return kernelFrom(shader, "combine", { flags });
}

function tiledKernel(flags: Flags): Kernel {
  return kernelFrom(tiledShader, "multiply", { flags });
}

function subgroupKernel(flags: Flags, lanes: number, words: number): Kernel {
  const constants = { SUBGROUP: lanes, ROWS, WORDS: words };
  return kernelFrom(subgroupShader, "multiply", { flags, constants });
}

/** Every kernel that this file dispatches on an adapter of that subgroup size. */
export function* gemmKernels(subgroupSize: number | null): Iterable<Kernel> {
  const epilogues = ACTIVATIONS.flatMap((activation) => [
    ...combinations(["HAS_BIAS"]).map((bias) => ({ ...bias, ...activationFlags(activation) })),
    ...(activation === "linear" ? [] : [{ SLOPED: true, ...activationFlags(activation) }]),
  ]);
  const sides = combinations(["TRANS_A", "TRANS_B"]);
  // Where b is stored as c is, by rows of n, their words go together.
  const vecs = combinations(["TRANS_A", "TRANS_B", "VEC_A", "VEC_B", "VEC_C"]).filter(
    ({ TRANS_B, VEC_B, VEC_C }) => TRANS_B || VEC_B === VEC_C,
  );
  const tiled = vecs.filter((v) => (v["TRANS_A"] || !v["VEC_A"]) && !(v["TRANS_B"] && v["VEC_B"]));
  for (const end of epilogues) {
    yield combineKernel(end);
    for (const flags of sides) yield naiveKernel({ ...flags, ...end });
    for (const flags of tiled) yield tiledKernel({ ...flags, ...end });
    if (subgroupSize === null) continue;
    for (const flags of vecs) {
      for (const words of flags["TRANS_B"] ? [1] : [1, 2])
        yield subgroupKernel({ ...flags, ...end }, subgroupSize, words);
    }
  }
  if (subgroupSize === null) return;
  for (const flags of vecs.filter(({ TRANS_B }) => !TRANS_B)) {
    for (const words of [1, 2]) yield subgroupKernel({ ...flags, SUMS: true }, subgroupSize, words);
  }
}

/** All ways of setting switches. */
function combinations(names: readonly string[]): readonly Flags[] {
  return names.reduce<readonly Flags[]>(
    (sets, name) => sets.flatMap((set) => [false, true].map((on) => ({ ...set, [name]: on }))),
    [{}],
  );
}
