// A residual connection within the matrix product whose result it adds to: one dispatch for two, and the sum is stored once instead of
// stored, read and stored. Which product feeds an addition alone, only the finished program tells. Bits are those of the two.
//   c = op(a) · op(b) + bias + residual

import type { Kernel } from "../../core/kernel.ts";
import { sizeOf } from "../../core/shape.ts";
import { reshaped, rootOf, rootStorage, type Tensor } from "../../core/tensor.ts";
import { withJoined } from "../../program/joined.ts";
import { liveDispatches } from "../../program/planner.ts";
import {
  type Dispatch,
  type Program,
  readsOf,
  type Solution,
  writesOf,
} from "../../program/program.ts";
import { GEMM } from "./gemm.ts";
import type { Problem } from "./problem.ts";

/** The addition of two tensors (ops/add.ts). */
const ADDITION = "add/forward";

interface Residual {
  readonly product: Dispatch;
  readonly solution: Solution;
  readonly problem: Problem;
  readonly addition: Dispatch;
  /** What is added to the product. */
  readonly residual: Tensor;
}

/** The program with additions done by the products before them, where those feed nothing else. */
export function joinResiduals(program: Program): Program {
  let joined = program;
  let live = liveDispatches(program);
  // Each once: what another joins takes no product that an addition could have had.
  for (const y of live.filter(isAddition).map(resultOf)) {
    const addition = live.find((one) => isAddition(one) && resultOf(one) === y);
    const found = addition && residualOf(joined, live, addition);
    const next = found && withResidual(joined, found);
    if (!next) continue;
    joined = next;
    live = liveDispatches(joined);
  }
  return joined;
}

function isAddition({ kernel }: Dispatch): boolean {
  return kernel.label === ADDITION;
}

/** Of two products, the one that is computed later: the other is there by then. */
function residualOf(
  program: Program,
  live: readonly Dispatch[],
  addition: Dispatch,
): Residual | null {
  const [a, b] = [tensorOf(addition, "a"), tensorOf(addition, "b")];
  if (rootStorage(a) === rootStorage(b)) return null;
  const sides = [
    { term: a, residual: b },
    { term: b, residual: a },
  ].flatMap(({ term, residual }) => {
    const product = productFor(program, live, { addition, term });
    return product ? [{ ...product, addition, residual }] : [];
  });
  return sides.toSorted((one, other) => other.product.id - one.product.id)[0] ?? null;
}

/** The product, in one dispatch, that computes just this and for the addition alone. */
function productFor(
  program: Program,
  live: readonly Dispatch[],
  { addition, term }: Pick<Residual, "addition"> & { readonly term: Tensor },
): Pick<Residual, "product" | "solution" | "problem"> | null {
  const storage = rootStorage(term);
  if (storage.persistent || program.kept.some((kept) => rootStorage(kept) === storage)) return null;
  const touches = (tensors: readonly Tensor[]) =>
    tensors.some((tensor) => rootStorage(tensor) === storage);
  const [product, ...others] = live.filter((one) => touches(writesOf(one)));
  const readers = live.filter((one) => touches(readsOf(one)));
  if (!product || others.length > 0 || readers.some((reader) => reader !== addition)) return null;
  const { solution } = product;
  if (solution?.ladder !== GEMM.name || !isPlain(product)) return null;
  const isAlone = live.filter((one) => one.solution === solution).length === 1;
  const isWhole = rootOf(term.storage).offset === 0 && sizeOf(term.shape) * 4 === storage.bytes;
  return isAlone && isWhole ? { product, solution, problem: solution.problem as Problem } : null;
}

/** Without slices, and without anything after the bias that the sum would have to come before. */
function isPlain({ grid, kernel: { flags = {} }, bindings }: Dispatch): boolean {
  const others = Object.keys(flags).filter((name) => flags[name] && !PLAIN.has(name));
  return grid[2] === 1 && others.length === 0 && bindings["column_sums"] === undefined;
}

/** Switches of a product's kernels that say how it reads and writes, and that there is a bias. */
const PLAIN: ReadonlySet<string> = new Set([
  ...["TRANS_A", "TRANS_B", "BLOCK_A", "BLOCK_B", "VEC_A", "VEC_B", "VEC_C"],
  "HAS_BIAS",
]);

function withResidual(program: Program, found: Residual): Program | null {
  const { product, solution, problem, addition, residual } = found;
  const { kernel, op, grid, params, flops, executedFlops } = product;
  const c = reshaped(resultOf(addition), [problem.m, problem.n]);
  const request = { ...problem.request, residual };
  const bound = Object.entries(product.bindings).map(([name, { tensor }]) => [name, tensor]);
  return withJoined(program, {
    at: addition,
    others: [product],
    layers: [...product.layers, ...addition.layers],
    site: product.site,
    solution: { ...solution, problem: { ...problem, request, c }, within: null },
    request: {
      ...{ op, grid, params, kernel: withFlag(kernel) },
      bind: { ...Object.fromEntries(bound), residual, c },
      touched: touchedOf(product),
      flops: flops + addition.flops,
      executedFlops: executedFlops + addition.executedFlops,
    },
  });
}

function withFlag(kernel: Kernel): Kernel {
  return { ...kernel, flags: { ...kernel.flags, RESIDUAL: true } };
}

/** What the product touches of its operands; the result is whole. */
function touchedOf({ bindings }: Dispatch): Readonly<Record<string, number>> {
  const operands = Object.entries(bindings).filter(([name]) => name !== "c");
  return Object.fromEntries(operands.map(([name, { bytes }]) => [name, bytes]));
}

function resultOf(addition: Dispatch): Tensor {
  return tensorOf(addition, "y");
}

function tensorOf({ bindings, kernel: { label } }: Dispatch, name: string): Tensor {
  const tensor = bindings[name]?.tensor;
  if (!tensor) throw new Error(`residual: ${label} binds no ${name}`);
  return tensor;
}
