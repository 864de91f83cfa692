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
import type { Slopes } from "../../program/tape-entry.ts";

export type Activation = "linear" | "relu" | "tanh" | "sigmoid";

export const ACTIVATIONS: readonly Activation[] = ["linear", "relu", "tanh", "sigmoid"];

/** Switches of `fn activate` in a forward kernel; none for linear. */
export function activationFlags(activation: Activation): Flags {
  return activation === "linear" ? {} : { [activation.toUpperCase()]: true };
}

/** A factor of a gradient: the derivative of the activation whose result is y, at that place. */
export interface Slope {
  readonly activation: Exclude<Activation, "linear">;
  readonly y: Tensor;
}

/** The slope that a gradient is to have in it; null where there is none. `y`: what the activation computed. */
export function slopeOf(y: Tensor, { inputActivation }: Slopes): Slope | null {
  const activation = ACTIVATIONS.find((name) => name === inputActivation) ?? "linear";
  return activation === "linear" ? null : { activation, y };
}

export interface BiasActivation {
  readonly dy: Tensor;
  /** The output of the op, after its activation. The last axis is the channels. */
  readonly y: Tensor;
  readonly activation: Activation;
  readonly hasBias: boolean;
  /** Whether dy is dz: has the slope of the activation in it already. Default false. */
  readonly isSloped?: boolean;
  /** Whether a kernel that reads dz anyway can sum it for db. Default false. */
  readonly summedBeside?: boolean;
}

export interface BiasActivationGradients {
  readonly dz: Tensor;
  /** Null without bias. */
  readonly db: Tensor | null;
  /** db where nothing was recorded that computes it: the kernel beside is to do so. */
  readonly sums: Tensor | null;
}

/** Rows up to which one workgroup sums a matrix directly, without partial sums. */
const DIRECT_ROWS = 256;

/**
 * Records dz and db. For a linear activation dz is dy itself. Sums are in a fixed order.
 */
export function recordBiasActivationBackward(
  rec: Recorder,
  problem: BiasActivation,
): BiasActivationGradients {
  const { dy, hasBias, isSloped = false, summedBeside = false } = problem;
  const activation = isSloped ? "linear" : problem.activation;
  const isLinear = activation === "linear";
  const dz = isLinear ? dy : rec.allocate(dy.shape, "dz", dy.dtype);
  const db = hasBias ? rec.allocate([channelsOf(dy)], "db") : null;
  const pass = { dy, y: problem.y, dz, activation };
  if (db && !summedBeside) recordPassAndSums(rec, pass, db);
  else if (!isLinear) recordPass(rec, pass, null);
  return { dz, db, sums: summedBeside ? db : null };
}

/** Records db[c] = Σ dz[…, c] alone, in a fixed order. */
export function recordBiasGradient(rec: Recorder, dz: Tensor, db: Tensor): void {
  recordPassAndSums(rec, { dy: dz, y: dz, dz, activation: "linear" }, db);
}

function channelsOf({ shape }: Tensor): number {
  return shape.at(-1) ?? 1;
}

interface Pass extends Pick<BiasActivation, "dy" | "y" | "activation"> {
  readonly dz: Tensor;
}

function recordPassAndSums(rec: Recorder, pass: Pass, db: Tensor): void {
  const { dy, activation } = pass;
  const channels = channelsOf(dy);
  if (activation === "linear" && sizeOf(dy.shape) / channels <= DIRECT_ROWS) {
    recordColumnSums(rec, dy, db);
    return;
  }
  const period = channels / commonDivisor(channels, 4);
  const strides = period * slicesOf(rec, ceilDiv(sizeOf(dy.shape), 4), period);
  if (strides * 4 === channels) {
    recordPass(rec, pass, reshaped(db, [strides * 4]));
    return;
  }
  const partial = rec.allocate([strides * 4], "db.partial");
  recordPass(rec, pass, partial);
  recordColumnSums(rec, partial, db);
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

/** One pass over dy and y: dz where the activation is not linear, and with `partial` words of sums. */
function recordPass(rec: Recorder, { dy, y, dz, activation }: Pass, partial: Tensor | null): void {
  const elements = sizeOf(dy.shape);
  const words = ceilDiv(elements, 4);
  const strides = partial ? sizeOf(partial.shape) / 4 : words;
  rec.dispatch({
    op: "bias-activation",
    kernel: backwardKernel(activation, partial !== null),
    grid: linearGrid(strides, 64),
    bind: { dy, ...(activation === "linear" ? {} : { y, dz }), ...(partial ? { partial } : {}) },
    params: { words, elements, strides },
    flops: elements * (partial ? 2 : 1),
  });
}

/** db[c] = Σ x[…, c] over the rows of x, as many columns as db. */
function recordColumnSums(rec: Recorder, x: Tensor, db: Tensor): void {
  const columns = sizeOf(db.shape);
  const rows = sizeOf(x.shape) / columns;
  const slices = Math.min(64, 2 ** Math.ceil(Math.log2(Math.max(1, rows / 16))));
  const width = 64 / slices;
  rec.dispatch({
    op: "bias-activation",
    kernel: SUMS,
    grid: [ceilDiv(columns, width), 1, 1],
    bind: { x, y: db },
    params: { rows, columns, width },
    flops: rows * columns,
  });
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
