// What an op asks to be written down, and what is written of it.

import { describeKernel, type Kernel } from "../core/kernel.ts";
import { sizeOf } from "../core/shape.ts";
import { itemBytes, type Tensor } from "../core/tensor.ts";
import { checkRequest } from "./check-request.ts";
import type { Bound, Dispatch, Grid } from "./program.ts";

export interface DispatchRequest {
  readonly op: string;
  readonly kernel: Kernel;
  readonly grid: Grid;
  /** Tensors by the name of the variable that the kernel binds. */
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly params?: Readonly<Record<string, number>>;
  /** That the problem asks for; default 0. */
  readonly flops?: number;
  /** That the kernel does; default `flops`. */
  readonly executedFlops?: number;
  /** Bytes touched, of bindings that are not touched whole. */
  readonly touched?: Readonly<Record<string, number>>;
}

/** What a dispatch says of the request alone. Throws VitrineError where the request is not what its kernel binds and takes. */
export function writtenDown(
  request: DispatchRequest,
): Pick<Dispatch, "op" | "kernel" | "grid" | "bindings" | "params" | "flops" | "executedFlops"> {
  const { op, kernel, grid, params = {}, flops = 0, executedFlops = flops } = request;
  const compiled = describeKernel(kernel);
  checkRequest(compiled, request);
  const bindings: Record<string, Bound> = {};
  for (const { name, access } of compiled.bindings) {
    const tensor = request.bind[name];
    if (!tensor || access === null) continue;
    const whole = sizeOf(tensor.shape) * itemBytes(tensor.dtype);
    bindings[name] = { tensor, access, bytes: request.touched?.[name] ?? whole };
  }
  return { op, kernel, grid, bindings, params, flops, executedFlops };
}
