// What an op asks to be written down.

import type { Kernel } from "../core/kernel.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Grid } from "./program.ts";

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
  /** Bytes touched, of bindings that are not touched whole; of f16 as many as there would be of f32. */
  readonly touched?: Readonly<Record<string, number>>;
}
