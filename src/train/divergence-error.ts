// A training that cannot go on: its loss or its weights are no numbers any more.

import { UsageError } from "../engine/core/errors.ts";

export interface Divergence {
  /** From 1. */
  readonly epoch: number;
  /** That it trained with. */
  readonly learningRate: number;
  /** Default the loss. */
  readonly what?: "the loss" | "a weight";
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
