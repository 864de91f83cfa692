// Solves a recorded problem again, on another rung and on other values, apart from the step that it comes from.

import type { Device } from "../../engine/core/device.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import { solveAgain } from "../../engine/ops/ladders.ts";
import { Executable } from "../../engine/program/executor.ts";
import type { Solution } from "../../engine/program/program.ts";
import { Recorder } from "../../engine/program/recorder.ts";
import { type Values, valuesOf } from "../walk.ts";
import type { Product } from "./reference/products.ts";

export interface SolveRequest {
  readonly solution: Solution;
  readonly product: Product;
  readonly rung: string;
  readonly values: (tensor: Tensor) => Values;
  /** The same with Σ|a·b| in place of the result: the magnitudes of the inputs, and no activation. */
  readonly magnitudes?: boolean;
}

/** The result on the rung; nothing that the step holds is read or written. */
export function solveOn(device: Device, request: SolveRequest): Promise<Values> {
  return solvedAlone(device, request, async ({ executable, out }) => {
    executable.run();
    return valuesOf(await executable.readBytes(out), out);
  });
}

export interface Alone {
  readonly executable: Executable;
  readonly out: Tensor;
}

/** Lets `use` run the problem alone, on the rung and on copies of the values, as often as it likes. */
export async function solvedAlone<Result>(
  device: Device,
  request: SolveRequest,
  use: (alone: Alone) => Promise<Result>,
): Promise<Result> {
  const { solution, product, rung, values, magnitudes = false } = request;
  const scope = device.scope();
  try {
    const tensors = new Map<Tensor, Tensor>();
    for (const tensor of product.inputs) {
      const data = values(tensor);
      const { shape, label, dtype } = tensor;
      const copy = scope.tensor(shape, label, magnitudes ? withoutSigns(data) : data, dtype);
      tensors.set(tensor, copy);
    }
    const out = scope.tensor(product.out.shape, product.out.label);
    tensors.set(product.out, out);
    const problem = replaced(solution.problem, tensors, magnitudes) as object;
    const rec = new Recorder({
      name: `${solution.ladder}.${rung}`,
      capabilities: device,
      rungs: { [solution.ladder]: rung },
    });
    solveAgain(rec, { ladder: solution.ladder, problem });
    const executable = await Executable.compile(scope, rec.finish());
    return await use({ executable, out });
  } finally {
    scope.destroy();
  }
}

function withoutSigns(data: Values): Float32Array<ArrayBuffer> {
  return Float32Array.from(data, Math.abs);
}

/** A problem with other tensors in it; and where magnitudes are asked for, without its activation. */
function replaced(
  value: unknown,
  tensors: ReadonlyMap<Tensor, Tensor>,
  magnitudes: boolean,
): unknown {
  if (typeof value !== "object" || value === null) return value;
  const tensor = tensors.get(value as Tensor);
  if (tensor) return tensor;
  const entries = Object.entries(value).map(([key, inner]) =>
    magnitudes && key === "activation"
      ? [key, "linear"]
      : [key, replaced(inner, tensors, magnitudes)],
  );
  return Object.fromEntries(entries);
}
