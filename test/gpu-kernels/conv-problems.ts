// Convolutions for the bench, and their gradients.

import {
  forwardLadder,
  inputGradientLadder,
  weightGradientLadder,
} from "../../src/engine/ops/conv2d/conv2d.ts";
import { convGeometry } from "../../src/engine/ops/conv2d/problem.ts";
import type { Ladder } from "../../src/engine/program/ladder.ts";
import { climb } from "../../src/engine/program/ladder.ts";
import { AWKWARD_CONVS, type ConvShape, FEW_CONVS } from "../../src/inspect/edit/awkward-shapes.ts";
import type { BenchProblem } from "./check-case.ts";
import { toleranceOf } from "./gemm-problems.ts";
import { integers, once } from "./integers.ts";
import { activate, columnSums, convolution, inputGradient, weightGradient } from "./loops.ts";

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

function prepare(given: ConvShape): Prepared {
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
function withoutEpilogue({ activation: _, ...given }: ConvShape): ConvShape {
  return given;
}

function forwardProblem(given: ConvShape): BenchProblem {
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

function inputGradientProblem(given: ConvShape): BenchProblem {
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

function weightGradientProblem(given: ConvShape): BenchProblem {
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

const PASSES: Readonly<Record<string, (given: ConvShape) => BenchProblem>> = {
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
  if (make) for (const given of isShort ? FEW_CONVS : AWKWARD_CONVS) yield make(given);
}
