// A training that cannot go on: its loss, its weights or what they score are no numbers any more.

import { UsageError } from "../engine/core/errors.ts";
import { findNonFinite } from "../engine/layers/finite-weights.ts";
import type { Weights } from "../engine/layers/variables.ts";
import type { Logs } from "./callbacks/callback.ts";

export interface Divergence {
  /** From 1. */
  readonly epoch: number;
  /** That it trained with. */
  readonly learningRate: number;
  /** Default `the loss`. */
  readonly what?: string;
}

export class DivergenceError extends UsageError {
  /** From 1. */
  readonly epoch: number;
  /** `the loss became NaN or infinite in epoch 3`, for a record that says whose it was. */
  readonly reason: string;

  constructor({ epoch, learningRate, what = "the loss" }: Divergence) {
    const reason = `${what} became NaN or infinite in epoch ${epoch}`;
    super(`learningRate: ${reason}`, {
      argument: "learningRate",
      help: `try a lower rate than ${learningRate}`,
    });
    this.epoch = epoch;
    this.reason = reason;
  }
}

/**
 * What of a finished epoch is NaN or infinite: the loss, a weight, or any other figure; null where all are numbers. The last
 * update of an epoch can spoil weights whose loss is never computed.
 */
export function divergenceOf(logs: Logs, weights: Weights): string | null {
  if (logs["loss"] !== undefined && !Number.isFinite(logs["loss"])) return "the loss";
  const weight = findNonFinite(weights);
  if (weight) return `a weight of ${weight.name}`;
  return Object.entries(logs).find(([, value]) => !Number.isFinite(value))?.[0] ?? null;
}
