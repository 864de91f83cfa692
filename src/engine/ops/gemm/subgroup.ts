// The subgroup rung of a matrix product: a subgroup computes a tile in registers (subgroup.wgsl). Which tile, and taller ones as
// variants, which give the same bits.

import shader from "../../../shaders/gemm/subgroup.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv } from "../../core/shape.ts";
import type { Flags } from "../../core/wgsl.ts";
import type { Rung, Variant } from "../../program/ladder.ts";
import type { Capabilities } from "../../program/program.ts";
import type { Recorder } from "../../program/recorder.ts";
import { combinations, epilogue, type Problem, transposes } from "./problem.ts";
import { recordSliced, recordSums, sliceOf } from "./sliced.ts";

/** Rows of a tile. */
const ROWS = 16;
/** Of tall ones: of 25, batches of 50 leave none over (bench/NOTES.md). With op(a) turned, a multiple of four alone. */
const TALL_ROWS = [25, 32] as const;
/** Words a lane of tall ones. */
const TALL_WORDS = 2;

export const SUBGROUP: Rung<Problem> = {
  name: "subgroup",
  fits: (_, capabilities) => hasSubgroups(capabilities),
  record: recordSubgroup,
  variants: TALL_ROWS.map(
    (rows): Variant<Problem> => ({
      name: `${rows}-rows`,
      isDefault: () => false,
      fits: (problem, capabilities) => hasSubgroups(capabilities) && fitsTall(problem, rows),
      suits: ({ m }) => ceilDiv(m, rows) * rows <= ceilDiv(m, ROWS) * ROWS * 1.1,
      record: (rec, problem) => recordTall(rec, problem, rows),
    }),
  ),
};

function hasSubgroups({ subgroupSize }: Capabilities): boolean {
  return subgroupSize !== null && subgroupSize <= 64;
}

/** What a tall tile's kernel leaves out: odd extents, columns read along their length, and sums of b. */
function fitsTall({ request, m, n, k, parts = 1 }: Problem, rows: number): boolean {
  const { transA = false, transB = false, sums } = request;
  if (transB || sums) return false;
  const isWhole = transA ? m % 4 === 0 && rows % 4 === 0 : k % (4 * parts) === 0;
  return isWhole && n % 4 === 0;
}

function recordSubgroup(rec: Recorder, problem: Problem): void {
  const { request, m, n, k } = problem;
  const { transA, transB } = request;
  const { lanes, words, tiles, slice } = tilingOf(rec, problem);
  const vec = (extent: number) => extent % 4 === 0;
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

/** How the rung by itself cuts a product. */
function tilingOf(rec: Recorder, { request, m, n, k }: Problem) {
  const lanes = rec.capabilities.subgroupSize ?? 1;
  const words = wordsOf(n, lanes, request.transB);
  const tiles = ceilDiv(m, ROWS) * ceilDiv(n, words * lanes * 4);
  return { lanes, words, tiles, slice: sliceOf(rec, tiles, k) };
}

/** In the slices of the rung by itself, so that bits are the same. */
function recordTall(rec: Recorder, problem: Problem, rows: number): void {
  const { request, m, n } = problem;
  const { lanes, slice } = tilingOf(rec, problem);
  const columns = TALL_WORDS * lanes * 4;
  recordSliced(rec, problem, {
    tiles: ceilDiv(m, rows) * ceilDiv(n, columns),
    tileArea: rows * columns,
    kernel: (end) => tallKernel({ ...transposes(request), ...end }, lanes, rows),
    slice,
  });
}

/**
 * Words a lane: two halve the shuffles, and take half as long again as one; so they pay unless too many of their columns
 * lie beyond the edge, or each costs four loads anyway (bench/NOTES.md).
 */
function wordsOf(n: number, lanes: number, transB = false): number {
  return !transB && 1.5 * ceilDiv(n, 8 * lanes) <= ceilDiv(n, 4 * lanes) ? 2 : 1;
}

function subgroupKernel(flags: Flags, lanes: number, words: number): Kernel {
  const constants = { SUBGROUP: lanes, ROWS, WORDS: words };
  return kernelFrom(shader, "multiply", { flags, constants });
}

function tallKernel(flags: Flags, lanes: number, rows: number): Kernel {
  const constants = { SUBGROUP: lanes, ROWS: rows, WORDS: TALL_WORDS };
  const words = { VEC_A: true, VEC_B: true, VEC_C: true };
  return kernelFrom(shader, "multiply_tall", { flags: { ...flags, ...words }, constants });
}

/** Those of the rung by itself with every epilogue, and tall ones with none. */
export function* everySubgroup(lanes: number, epilogues: readonly Flags[]): Iterable<Kernel> {
  // Where b is stored as c is, by rows of n, their words go together.
  const vecs = combinations(["TRANS_A", "TRANS_B", "VEC_A", "VEC_B", "VEC_C"]).filter(
    ({ TRANS_B, VEC_B, VEC_C }) => TRANS_B || VEC_B === VEC_C,
  );
  for (const flags of vecs) {
    const words = flags["TRANS_B"] ? [1] : [1, 2];
    for (const count of words) {
      for (const end of epilogues) yield subgroupKernel({ ...flags, ...end }, lanes, count);
      if (!flags["TRANS_B"]) yield subgroupKernel({ ...flags, SUMS: true }, lanes, count);
    }
  }
  for (const rows of TALL_ROWS) {
    for (const TRANS_A of rows % 4 === 0 ? [false, true] : [false]) {
      yield tallKernel({ TRANS_A, ...epilogue({}) }, lanes, rows);
    }
  }
}
