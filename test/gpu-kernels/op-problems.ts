// Problems of ops that are on no ladder and yet are computed in more than one way, by the shape: the epilogue's gradient with its
// sums, products in pieces.

import {
  ACTIVATIONS,
  type Activation,
  recordBiasActivationBackward,
} from "../../src/engine/ops/gemm/bias-activation.ts";
import { recordLargeGemm } from "../../src/engine/ops/gemm/large-gemm.ts";
import type { BenchProblem } from "./check-case.ts";
import { integers, once } from "./integers.ts";
import { product } from "./loops.ts";

/** Problems under the name of their op. */
export interface OpProblems {
  readonly op: string;
  readonly problems: readonly BenchProblem[];
}

export function opProblems(isShort: boolean): readonly OpProblems[] {
  const some = <T>(all: readonly T[], few: number) => (isShort ? all.slice(0, few) : all);
  return [
    { op: "bias-activation", problems: some([...epilogues()], 4) },
    { op: "large-gemm", problems: some([...pieces()], 3) },
  ];
}

/** Rows and channels of dy; many rows are summed in slices. */
const MATRICES = [
  [7, 5],
  [1021, 12],
  [301, 3],
  [4099, 1],
  [257, 68],
  [1, 131],
] as const;

function* epilogues(): Iterable<BenchProblem> {
  const exact = ACTIVATIONS.filter((name) => name !== "sigmoid");
  for (const [turn, [rows, channels]] of MATRICES.entries()) {
    for (const way of [0, 1]) {
      const activation = exact[(turn + way) % exact.length] ?? "linear";
      yield epilogueProblem(rows, channels, activation);
    }
  }
}

function epilogueProblem(rows: number, channels: number, activation: Activation): BenchProblem {
  const shape = [rows, channels];
  const dy = once(() => integers(shape, 1));
  const y = once(() => integers(shape, 2));
  const slope = (at: number) => {
    if (activation === "linear") return 1;
    return activation === "relu" ? Number((y()[at] ?? 0) > 0) : 1 - (y()[at] ?? 0) ** 2;
  };
  const dz = once(() => Float64Array.from(dy(), (value, at) => value * slope(at)));
  const db = once(() => {
    const sums = new Float64Array(channels);
    for (const [at, value] of dz().entries())
      sums[at % channels] = (sums[at % channels] ?? 0) + value;
    return sums;
  });
  return {
    label: `${rows}×${channels} ${activation}`,
    record: (rec, room) => {
      const tensors = { dy: room.tensor(shape, "dy", dy), y: room.tensor(shape, "y", y) };
      const out = recordBiasActivationBackward(rec, { ...tensors, activation, hasBias: true });
      const sums = out.db ? [{ tensor: out.db, values: db }] : [];
      return [{ tensor: out.dz, values: dz }, ...sums];
    },
  };
}

/** Products whose second matrix, or whose result, does not fit into one binding of this many bytes. */
const BINDING = 4096;

function* pieces(): Iterable<BenchProblem> {
  for (const [m, n, k] of [
    [5, 64, 96],
    [3, 36, 160],
  ] as const) {
    for (const way of [0, 1, 2]) {
      yield piecesProblem({ m, n, k, transA: way === 1, transB: way === 2 });
    }
  }
}

function piecesProblem(given: Parameters<typeof product>[0]): BenchProblem {
  // With a transposed it is the result that is large.
  const extents = given.transA ? { ...given, m: given.k, k: given.m } : given;
  const { m, n, k, transA, transB } = extents;
  const [ofA, ofB] = [transA ? [k, m] : [m, k], transB ? [n, k] : [k, n]];
  const a = once(() => integers(ofA, 1));
  const b = once(() => integers(ofB, 2));
  const values = once(() => product(extents, a(), b()));
  return {
    label: `${m}×${n}×${k}${transA ? " aᵀ" : ""}${transB ? " bᵀ" : ""} in pieces`,
    capabilities: { maxStorageBufferBindingSize: BINDING },
    record: (rec, room) => {
      const operands = { a: room.tensor(ofA, "a", a), b: room.tensor(ofB, "b", b) };
      const c = recordLargeGemm(rec, { op: "dense", ...operands, transA, transB, label: "c" });
      return [{ tensor: c, values }];
    },
  };
}
