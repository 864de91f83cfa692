// What a sigmoid at the end of a model was applied to, so that a cross-entropy on it is exact where the sigmoid has reached 0
// or 1, as in Keras. Dense and Conv2D apply their sigmoid in the kernel that computes the product: that product is recorded
// once more without it, and the planner drops the first where nobody reads it.

import type { Tensor } from "../../core/tensor.ts";
import type { Recorder } from "../../program/recorder.ts";
import { apply, producerOf } from "../../program/tape.ts";
import { sigmoidInput } from "../activation.ts";
import { conv2dWithoutSigmoid } from "../conv2d/conv2d.ts";
import { denseWithoutSigmoid } from "../dense.ts";
import { reshape } from "../reshape.ts";

export interface Logits {
  /** Of the output's shape. */
  readonly logits: Tensor;
  /** The layers whose sigmoid the loss takes over. */
  readonly layers: readonly string[];
}

/** Null where the output is not that of a sigmoid. */
export function logitsOf(rec: Recorder, output: Tensor): Logits | null {
  const entry = producerOf(rec, output);
  if (!entry) return null;
  const { layers } = entry.origin;
  if (entry.op === reshape.name) {
    const before = entry.inputs[0] && logitsOf(rec, entry.inputs[0]);
    if (!before) return null;
    return { ...before, logits: apply(rec, reshape, [before.logits], { shape: output.shape }) };
  }
  const own = sigmoidInput(entry);
  if (own) return { logits: own, layers };
  const logits = rec.folding(
    layers,
    () => denseWithoutSigmoid(rec, entry) ?? conv2dWithoutSigmoid(rec, entry),
  );
  return logits && { logits, layers };
}
