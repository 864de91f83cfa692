// The activations in float64: values, slopes in terms of the value, and how far float32 may be off. WGSL lets exp be off by
// 3 + 2·|z| units in the last place; tanh and the sigmoid are made of it, or of something better.

import type { Kernel } from "../../../engine/core/kernel.ts";
import type { Activation } from "../../../engine/ops/gemm/bias-activation.ts";
import { type Expected, UNIT } from "./reference.ts";

/** Which activation the switches of a kernel ask for. */
export function activationOf({ flags = {} }: Kernel): Activation {
  if (flags["RELU"]) return "relu";
  if (flags["TANH"]) return "tanh";
  return flags["SIGMOID"] ? "sigmoid" : "linear";
}

export function activate(z: number, activation: Activation): number {
  if (activation === "relu") return Math.max(z, 0);
  if (activation === "tanh") return Math.tanh(z);
  return activation === "sigmoid" ? 1 / (1 + Math.exp(-z)) : z;
}

/** What activating a sum that is off by `error` may be off by: the steepest slope, and the function's own rounding. */
export function activatedError(error: number, activation: Activation): number {
  if (activation === "tanh") return error + 32 * UNIT;
  return activation === "sigmoid" ? error / 4 + 16 * UNIT : error;
}

/** dy · activate'(z), in terms of y = activate(z). */
export function sloped(dy: number, y: number, activation: Activation): Expected {
  if (activation === "relu") return { value: Number.isNaN(y) ? y : y > 0 ? dy : 0, error: 0 };
  if (activation === "linear") return { value: dy, error: 0 };
  const slope = activation === "tanh" ? 1 - y * y : y * (1 - y);
  const scale = activation === "tanh" ? 1 : Math.abs(y);
  return { value: dy * slope, error: 4 * UNIT * Math.abs(dy) * scale };
}
