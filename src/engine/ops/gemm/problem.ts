// What the rungs of a matrix product are told of it, and the switches that its kernels share. Not the ladder, which is gemm.ts.

import type { Tensor } from "../../core/tensor.ts";
import type { Flags } from "../../core/wgsl.ts";
import { type Activation, activationFlags, type Slope } from "./bias-activation.ts";

export interface Gemm {
  /** The op on whose behalf, as programs and profiles show it: `dense`, `conv2d`. */
  readonly op: string;
  readonly a: Tensor;
  readonly b: Tensor;
  readonly transA?: boolean;
  readonly transB?: boolean;
  readonly bias?: Tensor | null;
  readonly activation?: Activation;
  /** With neither bias nor activation: the result is multiplied by it. */
  readonly slope?: Slope | null;
  /** (M, N), with neither activation nor slope: is added to the result. */
  readonly residual?: Tensor | null;
  /** (N), with transA alone: takes the sums of op(b) over k. */
  readonly sums?: Tensor | null;
  /** Label of the result. */
  readonly label: string;
}

export type GemmInto = Omit<Gemm, "label">;

/** What the ladder `gemm` solves. */
export interface Problem {
  readonly request: GemmInto;
  readonly c: Tensor;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Products of so many equal runs of k, kept apart: c is (parts, M, N); without it, one. */
  readonly parts?: number;
}

export function transposes({
  transA = false,
  transB = false,
}: Pick<Gemm, "transA" | "transB">): Flags {
  return { TRANS_A: transA, TRANS_B: transB };
}

type End = Pick<Gemm, "bias" | "activation" | "slope" | "residual">;

export function epilogue({ bias, activation = "linear", slope, residual }: End): Flags {
  if (slope) return { SLOPED: true, ...activationFlags(slope.activation) };
  const added = residual ? { RESIDUAL: true } : {};
  return { HAS_BIAS: Boolean(bias), ...added, ...activationFlags(activation) };
}

/** What the epilogue reads. */
export function endOf({ bias, slope, residual }: End): Readonly<Record<string, Tensor>> {
  return {
    ...(bias ? { bias } : {}),
    ...(slope ? { y: slope.y } : {}),
    ...(residual ? { residual } : {}),
  };
}

/** All ways of setting switches. */
export function combinations(names: readonly string[]): readonly Flags[] {
  return names.reduce<readonly Flags[]>(
    (sets, name) => sets.flatMap((set) => [false, true].map((on) => ({ ...set, [name]: on }))),
    [{}],
  );
}
