// Matrix products for the bench: every way to store the operands, and every epilogue.

import type { Tensor } from "../../src/engine/core/tensor.ts";
import { ACTIVATIONS, type Activation } from "../../src/engine/ops/gemm/bias-activation.ts";
import { recordGemmInto } from "../../src/engine/ops/gemm/gemm.ts";
import { AWKWARD_GEMMS, FEW_GEMMS } from "../../src/inspect/edit/awkward-shapes.ts";
import type { BenchProblem } from "./check-case.ts";
import { integers, once } from "./integers.ts";
import { activate, columnSums, type Product, product } from "./loops.ts";

const EPILOGUES = ACTIVATIONS.flatMap((activation) =>
  [false, true].map((hasBias) => ({ activation, hasBias })),
);

export function* gemmProblems(isShort: boolean): Iterable<BenchProblem> {
  for (const [turn, [m, n, k]] of (isShort ? FEW_GEMMS : AWKWARD_GEMMS).entries()) {
    for (const way of isShort ? [turn % 4] : [0, 1, 2, 3]) {
      // In the long run every epilogue meets every way to store.
      const epilogue = EPILOGUES[(turn + 2 * way) % EPILOGUES.length];
      if (!epilogue) continue;
      const extents = { m, n, k, transA: way % 2 > 0, transB: way > 1 };
      yield gemmProblem(extents, epilogue.activation, epilogue.hasBias);
    }
  }
}

export function gemmProblem(
  extents: Product,
  activation: Activation,
  hasBias: boolean,
): BenchProblem {
  const { m, n, k, transA, transB } = extents;
  const a = once(() => integers(transA ? [k, m] : [m, k], 1));
  const b = once(() => integers(transB ? [n, k] : [k, n], 2));
  const bias = once(() => integers([n], 3));
  const values = once(() =>
    product(extents, a(), b()).map((sum, at) =>
      activate(sum + (hasBias ? (bias()[at % n] ?? 0) : 0), activation),
    ),
  );
  // What only gradients ask for: sums of b beside aᵀ · b, and the slope of a relu in place of an epilogue. A linear layer with a bias
  // has a residual added.
  const hasSums = transA && !transB;
  const isSloped = activation === "linear" && !hasBias;
  const y = once(() => integers([m, n], 4));
  const isAdded = activation === "linear" && hasBias;
  const residual = once(() => integers([m, n], 5));
  const added = once(() => values().map((value, at) => value + (residual()[at] ?? 0)));
  const sloped = once(() => values().map((value, at) => ((y()[at] ?? 0) > 0 ? value : 0)));
  const stored = `${transA ? "aᵀ" : "a"}·${transB ? "bᵀ" : "b"}`;
  return {
    label: `${m}×${n}×${k} ${stored}${hasBias ? "+bias" : ""} ${isAdded ? "+residual" : activation}`,
    tolerance: toleranceOf(activation),
    record: (rec, room) => {
      const c: Tensor = room.tensor([m, n], "c");
      const sums = hasSums ? room.tensor([n], "sums") : null;
      recordGemmInto(rec, c, {
        op: "dense",
        a: room.tensor(transA ? [k, m] : [m, k], "a", a),
        b: room.tensor(transB ? [n, k] : [k, n], "b", b),
        ...{ transA, transB, activation },
        bias: hasBias ? room.tensor([n], "bias", bias) : null,
        slope: isSloped ? { activation: "relu", y: room.tensor([m, n], "y", y) } : null,
        residual: isAdded ? room.tensor([m, n], "residual", residual) : null,
        sums,
      });
      return [
        { tensor: c, values: isSloped ? sloped : isAdded ? added : values },
        ...(sums ? [{ tensor: sums, values: () => columnSums(b(), n) }] : []),
      ];
    },
  };
}

/** Hyperbolic tangents are no integers; drivers approximate them. */
export function toleranceOf(activation: Activation): number {
  return activation === "tanh" || activation === "sigmoid" ? 1e-5 : 0;
}
