// What is written of a dispatch that an op asks for, by the request alone.

import { describeKernel, type Kernel } from "../core/kernel.ts";
import { sizeOf } from "../core/shape.ts";
import { itemBytes } from "../core/tensor.ts";
import { checkRequest } from "./check-request.ts";
import type { DispatchRequest } from "./dispatch-request.ts";
import type { Bound, Dispatch } from "./program.ts";

/** Throws VitrineError where the request is not what its kernel binds and takes. */
export function writtenDown(
  request: DispatchRequest,
): Pick<Dispatch, "op" | "kernel" | "grid" | "bindings" | "params" | "flops" | "executedFlops"> {
  const { op, grid, params = {}, flops = 0, executedFlops = flops } = request;
  const kernel = storedKernel(request);
  const compiled = describeKernel(kernel);
  checkRequest(compiled, request);
  const bindings: Record<string, Bound> = {};
  for (const { name, access } of compiled.bindings) {
    const tensor = request.bind[name];
    if (!tensor || access === null) continue;
    const whole = sizeOf(tensor.shape) * itemBytes(tensor.dtype);
    const touched = request.touched?.[name];
    const share = tensor.dtype === "f16" ? 1 / 2 : 1;
    bindings[name] = { tensor, access, bytes: touched === undefined ? whole : share * touched };
  }
  return { op, kernel, grid, bindings, params, flops, executedFlops };
}

/** The kernel for what is bound to it: tensors of f16 are loaded and stored as such. */
function storedKernel({ kernel, bind }: DispatchRequest): Kernel {
  const halves = Object.keys(bind).filter((name) => bind[name]?.dtype === "f16");
  return halves.length > 0 ? { ...kernel, halves: halves.sort() } : kernel;
}
