// The epilogue that dense and conv2d share: z = … + b, y = activate(z). Its forward half is fused into their kernels
// (`activationFlags` switches `fn activate` there); the backward half is here, one pass for dz and the sums of db.
//   relu: dz = dy where y > 0     tanh: dz = dy · (1 − y²)     sigmoid: dz = dy · y · (1 − y)     linear: dz = dy
//   db[c] = Σ dz[…, c]

import shader from "../../../shaders/gemm/bias-activation.wgsl";
import columnSumsShader from "../../../shaders/gemm/column-sums.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv, sizeOf } from "../../core/shape.ts";
import { reshaped, type Tensor } from "../../core/tensor.ts";
import type { Flags } from "../../core/wgsl.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";

export type Activation = "linear" | "relu" | "tanh" | "sigmoid";

export const ACTIVATIONS: readonly Activation[] = ["linear", "relu", "tanh", "sigmoid"];

/** Switches of `fn activate` in a forward kernel; none for linear. */
export function activationFlags(activation: Activation): Flags {
  return activation === "linear" ? {} : { [activation.toUpperCase()]: true };
}

export interface BiasActivation {
  readonly dy: Tensor;
  /** The output of the op, after its activation. The last axis is the channels. */
  readonly y: Tensor;
  readonly activation: Activation;
  readonly hasBias: boolean;
}

/** Rows up to which one workgroup sums a matrix directly, without partial sums. */
const DIRECT_ROWS = 256;

/**
 * Records dz and db. For a linear activation dz is dy itself; db is null without bias. Sums are in a fixed order.
 */
export function recordBiasActivationBackward(
  rec: Recorder,
  problem: BiasActivation,
): { readonly dz: Tensor; readonly db: Tensor | null } {
  const { dy, activation, hasBias } = problem;
  const channels = dy.shape.at(-1) ?? 1;
  const isLinear = activation === "linear";
  if (!hasBias) return { dz: isLinear ? dy : recordPass(rec, problem, 0).dz, db: null };
  if (isLinear && sizeOf(dy.shape) / channels <= DIRECT_ROWS) {
    return { dz: dy, db: recordColumnSums(rec, dy, channels) };
  }
  const period = channels / commonDivisor(channels, 4);
  const strides = period * slicesOf(rec, ceilDiv(sizeOf(dy.shape), 4), period);
  const { dz, partial } = recordPass(rec, problem, strides);
  if (strides * 4 === channels) return { dz, db: reshaped(partial, [channels]) };
  return { dz, db: recordColumnSums(rec, partial, channels) };
}

/**
 * How many invocations share a column of words. Enough to fill the machine, yet each with some words to sum; one when
 * the matrix is small, because then its sum is db already and the second dispatch is saved.
 */
function slicesOf(rec: Recorder, words: number, period: number): number {
  const [filling, perInvocation] = rec.capabilities.isSoftware ? [512, 32] : [32_768, 8];
  const most = Math.min(filling, words / perInvocation);
  return Math.max(1, Math.floor(most / period));
}

/** One pass over dy and y: dz, and with `strides` > 0 that many words of partial sums. */
function recordPass(rec: Recorder, problem: BiasActivation, strides: number) {
  const { dy, y, activation } = problem;
  const isLinear = activation === "linear";
  const elements = sizeOf(dy.shape);
  const words = ceilDiv(elements, 4);
  const dz = isLinear ? dy : rec.allocate(dy.shape, "dz");
  const partial = rec.allocate([Math.max(1, strides) * 4], "db");
  rec.dispatch({
    op: "bias-activation",
    kernel: backwardKernel(activation, strides > 0),
    grid: linearGrid(strides || words, 64),
    bind: { dy, ...(isLinear ? {} : { y, dz }), ...(strides > 0 ? { partial } : {}) },
    params: { words, elements, strides: strides || words },
    flops: elements * (strides > 0 ? 2 : 1),
  });
  return { dz, partial };
}

/** db[c] = Σ x[…, c] over the rows of x. */
function recordColumnSums(rec: Recorder, x: Tensor, columns: number): Tensor {
  const y = rec.allocate([columns], "db");
  const rows = sizeOf(x.shape) / columns;
  const slices = Math.min(64, 2 ** Math.ceil(Math.log2(Math.max(1, rows / 16))));
  const width = 64 / slices;
  rec.dispatch({
    op: "bias-activation",
    kernel: SUMS,
    grid: [ceilDiv(columns, width), 1, 1],
    bind: { x, y },
    params: { rows, columns, width },
    flops: rows * columns,
  });
  return y;
}

const SUMS = kernelFrom(columnSumsShader, "forward");

function backwardKernel(activation: Activation, sums: boolean): Kernel {
  const flags = {
    ...activationFlags(activation),
    SLOPED: activation !== "linear",
    SUMS: sums,
  };
  return kernelFrom(shader, "backward", { flags });
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** Every kernel that this file dispatches. */
export function* biasActivationKernels(): Iterable<Kernel> {
  yield SUMS;
  yield backwardKernel("linear", true);
  for (const activation of ACTIVATIONS.filter((name) => name !== "linear")) {
    yield backwardKernel(activation, true);
    yield backwardKernel(activation, false);
  }
}
