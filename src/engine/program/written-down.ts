// What is written of a dispatch that an op asks for, by the request alone.

import { describeKernel } from "../core/kernel.ts";
import { sizeOf } from "../core/shape.ts";
import { itemBytes } from "../core/tensor.ts";
import { checkRequest } from "./check-request.ts";
import type { DispatchRequest } from "./dispatch-request.ts";
import type { Bound, Dispatch } from "./program.ts";

/** Throws VitrineError where the request is not what its kernel binds and takes. */
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
