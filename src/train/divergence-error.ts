// A training that cannot go on: its loss is no number any more.

import { UsageError } from "../engine/core/errors.ts";

export interface Divergence {
  /** From 1. */
  readonly epoch: number;
  /** That it trained with. */
  readonly learningRate: number;
}

export class DivergenceError extends UsageError {
  /** From 1. */
  readonly epoch: number;
  /** `the loss became NaN or infinite in epoch 3`, for a record that says whose it was. */
  readonly reason: string;

  constructor({ epoch, learningRate }: Divergence) {
    const reason = `the loss became NaN or infinite in epoch ${epoch}`;
    super(`learningRate: ${reason}`, {
      argument: "learningRate",
      help: `try a lower rate than ${learningRate}`,
    });
    this.epoch = epoch;
    this.reason = reason;
  }
}
