// Convolutions for the bench, and their gradients: windows of 1 to 7, strides, both paddings and one by hand, channels that are 1,
// prime or whole words, maps of one pixel, and more than a tile.

import {
  forwardLadder,
  inputGradientLadder,
  weightGradientLadder,
} from "../../src/engine/ops/conv2d/conv2d.ts";
import { type Conv2dAttrs, convGeometry } from "../../src/engine/ops/conv2d/problem.ts";
import type { Activation } from "../../src/engine/ops/gemm/bias-activation.ts";
import type { Ladder } from "../../src/engine/program/ladder.ts";
import { climb } from "../../src/engine/program/ladder.ts";
import type { BenchProblem } from "./check-case.ts";
import { toleranceOf } from "./gemm-problems.ts";
import { integers, once } from "./integers.ts";
import { activate, columnSums, convolution, inputGradient, weightGradient } from "./loops.ts";

export interface ConvCase {
  readonly x: readonly [n: number, h: number, w: number, i: number];
  readonly k: readonly [down: number, across: number];
  readonly o: number;
  readonly strides?: readonly [number, number];
  readonly padding?: Conv2dAttrs["padding"];
  /** Of the forward pass, with a bias; default linear without one. */
  readonly activation?: Activation;
}

const AROUND = [
  [1, 0],
  [2, 3],
] as const;

/** The first few are those of a short run. */
const SHORT: readonly ConvCase[] = [
  { x: [2, 7, 6, 3], k: [3, 3], o: 5, strides: [2, 2], padding: "same", activation: "relu" },
  { x: [3, 5, 7, 4], k: [3, 3], o: 36, padding: "same", activation: "linear" },
  { x: [1, 13, 11, 68], k: [1, 1], o: 36, activation: "relu" },
];
const LONG: readonly ConvCase[] = [
  ...SHORT,
  { x: [2, 9, 11, 8], k: [5, 5], o: 12 },
  { x: [5, 8, 9, 20], k: [3, 3], o: 52, strides: [2, 2], padding: "same" },
  { x: [1, 1, 1, 1], k: [1, 1], o: 1 },
  { x: [1, 7, 5, 3], k: [5, 5], o: 6, activation: "tanh" },
  { x: [3, 4, 6, 5], k: [1, 1], o: 3, activation: "sigmoid" },
  { x: [2, 5, 4, 6], k: [2, 4], o: 5, padding: "same" },
  { x: [1, 6, 8, 2], k: [5, 3], o: 3, strides: [3, 1], padding: "same" },
  { x: [1, 9, 7, 1], k: [1, 1], o: 2, strides: [2, 3] },
  { x: [2, 4, 5, 4], k: [3, 4], o: 4, padding: AROUND, strides: [2, 1] },
  { x: [2, 5, 6, 3], k: [3, 4], o: 2, padding: AROUND },
  { x: [17, 2, 2, 4], k: [3, 3], o: 4, padding: "same" },
  { x: [2, 1, 1, 8], k: [3, 3], o: 12, padding: "same", activation: "sigmoid" },
  { x: [2, 5, 3, 8], k: [3, 3], o: 4, padding: "same", activation: "tanh" },
  { x: [2, 13, 14, 16], k: [3, 3], o: 20, activation: "relu" },
  { x: [3, 12, 10, 33], k: [3, 3], o: 17, padding: "same", activation: "relu" },
  { x: [2, 15, 17, 6], k: [5, 5], o: 16, padding: "same" },
  { x: [1, 19, 23, 3], k: [7, 7], o: 17, strides: [2, 2], padding: "same" },
  { x: [2, 9, 11, 33], k: [3, 5], o: 20 },
  { x: [2, 3, 20, 2], k: [2, 13], o: 3, padding: "same" },
  { x: [7, 4, 4, 64], k: [3, 3], o: 72, padding: "same", activation: "linear" },
  { x: [2, 8, 8, 132], k: [1, 1], o: 4 },
  { x: [2, 7, 9, 36], k: [1, 1], o: 40, strides: [2, 2] },
  { x: [9, 21, 19, 4], k: [3, 3], o: 8, padding: "same" },
];

interface Prepared {
  readonly label: string;
  readonly geometry: ReturnType<typeof convGeometry>;
  readonly x: Operand;
  readonly w: Operand;
  readonly dy: Operand;
  readonly b: Operand;
}

interface Operand {
  readonly shape: readonly number[];
  readonly values: () => Float32Array;
}

function prepare(given: ConvCase): Prepared {
  const { x, k, o, strides = [1, 1], padding = "valid", activation } = given;
  const kernel = [...k, x[3], o];
  const geometry = convGeometry(x, kernel, {
    strides,
    padding,
    activation: activation ?? "linear",
  });
  const operand = (shape: readonly number[], seed: number): Operand => ({
    shape,
    values: once(() => integers(shape, seed)),
  });
  const epilogue = activation ? ` +bias ${activation}` : "";
  return {
    label: `(${x}) by ${k.join("×")}→${o} stride ${strides} ${padding}${epilogue}`,
    geometry,
    x: operand(x, 1),
    w: operand(kernel, 2),
    dy: operand([geometry.n, geometry.oh, geometry.ow, o], 3),
    b: operand([o], 4),
  };
}

/** A gradient's problem has none. */
function withoutEpilogue({ activation: _, ...given }: ConvCase): ConvCase {
  return given;
}

function forwardProblem(given: ConvCase): BenchProblem {
  const { label, geometry, x, w, dy, b } = prepare(given);
  const { activation = "linear" } = given;
  const hasBias = given.activation !== undefined;
  const values = once(() =>
    convolution(geometry, { x: x.values(), w: w.values() }).map((sum, at) =>
      activate(sum + (hasBias ? (b.values()[at % geometry.o] ?? 0) : 0), activation),
    ),
  );
  return {
    label,
    tolerance: toleranceOf(activation),
    record: (rec, room) => {
      const y = room.tensor(dy.shape, "y");
      climb(rec, forwardLadder, {
        ...{ geometry, activation, y },
        x: room.tensor(x.shape, "x", x.values),
        w: room.tensor(w.shape, "w", w.values),
        b: hasBias ? room.tensor(b.shape, "b", b.values) : null,
      });
      return [{ tensor: y, values }];
    },
  };
}

function inputGradientProblem(given: ConvCase): BenchProblem {
  const { label, geometry, x, w, dy } = prepare(withoutEpilogue(given));
  const values = once(() => inputGradient(geometry, { dy: dy.values(), w: w.values() }));
  return {
    label,
    record: (rec, room) => {
      const dx = room.tensor(x.shape, "dx");
      climb(rec, inputGradientLadder, {
        ...{ geometry, dx },
        dy: room.tensor(dy.shape, "dy", dy.values),
        w: room.tensor(w.shape, "w", w.values),
      });
      return [{ tensor: dx, values }];
    },
  };
}

function weightGradientProblem(given: ConvCase): BenchProblem {
  const { label, geometry, x, w, dy } = prepare(withoutEpilogue(given));
  const values = once(() => weightGradient(geometry, { dy: dy.values(), x: x.values() }));
  return {
    label,
    record: (rec, room) => {
      const dw = room.tensor(w.shape, "dw");
      const db = room.tensor([geometry.o], "db");
      climb(rec, weightGradientLadder, {
        ...{ geometry, dw, db },
        dy: room.tensor(dy.shape, "dy", dy.values),
        x: room.tensor(x.shape, "x", x.values),
      });
      return [
        { tensor: dw, values },
        { tensor: db, values: () => columnSums(dy.values(), geometry.o) },
      ];
    },
  };
}

const PASSES: Readonly<Record<string, (given: ConvCase) => BenchProblem>> = {
  [forwardLadder.name]: forwardProblem,
  [inputGradientLadder.name]: inputGradientProblem,
  [weightGradientLadder.name]: weightGradientProblem,
};

/** Problems for one of the three ladders of a convolution. */
export function* convProblems(
  ladder: Ladder<never>["name"],
  isShort: boolean,
): Iterable<BenchProblem> {
  const make = PASSES[ladder];
  if (make) for (const given of isShort ? SHORT : LONG) yield make(given);
}
