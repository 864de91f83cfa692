// Problems of ops that are on no ladder and yet are computed in more than one way, by the shape: convolutions in groups and
// depthwise, the epilogue's gradient with its sums, products in pieces.

import { type Padding, windowGeometry } from "../../src/engine/core/window.ts";
import { groupedConv2d } from "../../src/engine/ops/conv2d/grouped.ts";
import {
  ACTIVATIONS,
  type Activation,
  recordBiasActivationBackward,
} from "../../src/engine/ops/gemm/bias-activation.ts";
import { recordLargeGemm } from "../../src/engine/ops/gemm/large-gemm.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { apply } from "../../src/engine/program/tape.ts";
import type { BenchProblem } from "./check-case.ts";
import { integers, once } from "./integers.ts";
import { convolution, inputGradient, product, type Windows, weightGradient } from "./loops.ts";

/** Problems under the name of their op. */
export interface OpProblems {
  readonly op: string;
  readonly problems: readonly BenchProblem[];
}

export function opProblems(isShort: boolean): readonly OpProblems[] {
  const some = <T>(all: readonly T[], few: number) => (isShort ? all.slice(0, few) : all);
  return [
    { op: "depthwise", problems: some(DEPTHWISE, 2).map(groupedProblem) },
    { op: "grouped-conv2d", problems: some(GROUPED, 2).map(groupedProblem) },
    { op: "bias-activation", problems: some([...epilogues()], 4) },
    { op: "large-gemm", problems: some([...pieces()], 3) },
  ];
}

interface GroupedCase {
  readonly x: readonly [n: number, h: number, w: number, i: number];
  readonly k: readonly [down: number, across: number];
  readonly o: number;
  readonly groups: number;
  readonly stride?: number;
  readonly padding?: Padding;
  readonly dilation?: readonly [number, number];
}

const DEPTHWISE: readonly GroupedCase[] = [
  { x: [3, 9, 7, 12], k: [3, 3], o: 12, groups: 12, padding: "same" },
  { x: [2, 11, 10, 4], k: [3, 3], o: 4, groups: 4, stride: 2, padding: "same" },
  { x: [5, 1, 1, 8], k: [1, 1], o: 8, groups: 8 },
  { x: [2, 8, 13, 20], k: [7, 5], o: 20, groups: 20 },
  { x: [7, 6, 5, 68], k: [5, 3], o: 68, groups: 68, stride: 2 },
];
const GROUPED: readonly GroupedCase[] = [
  { x: [2, 7, 5, 6], k: [3, 3], o: 9, groups: 3, padding: "same" },
  { x: [3, 9, 8, 4], k: [3, 2], o: 5, groups: 1, dilation: [2, 3] },
  { x: [2, 6, 7, 5], k: [3, 3], o: 5, groups: 5, stride: 2, padding: "same" },
  { x: [1, 19, 9, 4], k: [9, 2], o: 4, groups: 4 },
  { x: [33, 3, 3, 8], k: [2, 2], o: 16, groups: 4 },
];

function groupedProblem(given: GroupedCase): BenchProblem {
  const { x, k, o, groups, stride = 1, padding = "valid", dilation = [1, 1] } = given;
  const [n, h, w, i] = x;
  const along = (size: number, taps: number, apart: number) =>
    windowGeometry(size, (taps - 1) * apart + 1, stride, padding, "gpu-kernels");
  const [rows, columns] = [along(h, k[0], dilation[0]), along(w, k[1], dilation[1])];
  const g: Windows = {
    ...{ n, h, w, i, o, kh: k[0], kw: k[1], oh: rows.out, ow: columns.out, sh: stride, sw: stride },
    ...{ top: rows.before, left: columns.before, groups, down: dilation[0], across: dilation[1] },
  };
  const shapes = { w: [...k, i / groups, o], y: [n, g.oh, g.ow, o] };
  const of = {
    x: once(() => integers(x, 1)),
    w: once(() => integers(shapes.w, 2)),
    dy: once(() => integers(shapes.y, 3)),
  };
  const operands = () => ({ x: of.x(), w: of.w(), dy: of.dy() });
  const y = once(() => convolution(g, operands()));
  const dx = once(() => inputGradient(g, operands()));
  const dw = once(() => weightGradient(g, operands()));
  return {
    label: `(${x}) by ${k.join("×")}→${o} in ${groups} stride ${stride} ${padding}`,
    record: (rec, room) => {
      const inputs = [room.tensor(x, "x", of.x), room.tensor(shapes.w, "w", of.w)] as const;
      for (const input of inputs) rec.watch(input);
      const attrs = { strides: [stride, stride], padding, dilation, groups } as const;
      const output = apply(rec, groupedConv2d, inputs, attrs);
      const dy = room.tensor(shapes.y, "dy", of.dy);
      const gradients = recordGradients(rec, new Map([[output, dy]]));
      const [ofX, ofW] = inputs.map((input) => gradients.get(input));
      return [
        { tensor: output, values: y },
        ...(ofX ? [{ tensor: ofX, values: dx }] : []),
        ...(ofW ? [{ tensor: ofW, values: dw }] : []),
      ];
    },
  };
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
