// The backward pass: walks the tape from the losses back, and sums the gradients of a tensor with several consumers.

import type { Tensor } from "../core/tensor.ts";
import type { Recorder } from "../program/recorder.ts";
import { addTensors } from "./add.ts";

/** Gradients by tensor, of those that were watched and that the losses (or seeds) depend on. */
export type GradientMap = ReadonlyMap<Tensor, Tensor>;

/**
 * Records the backward pass of everything on the tape. Losses are roots, with gradient 1; `seeds` gives the gradient of
 * other tensors to start from.
 */
export function recordGradients(rec: Recorder, seeds: GradientMap = new Map()): GradientMap {
  const gradients = new Map<Tensor, Tensor>(seeds);
  for (const entry of rec.tape.toReversed()) {
    const dy = gradients.get(entry.output) ?? null;
    if (!(dy || entry.isLoss) || !rec.isWatched(entry.output)) continue;
    rec.backwardOf(entry, () => {
      for (const [index, dx] of entry.backward(dy).entries()) {
        const input = entry.inputs[index];
        if (!(input && dx && rec.isWatched(input))) continue;
        const sum = gradients.get(input);
        gradients.set(input, sum ? addTensors(rec, sum, dx, `${input.label}.sum`) : dx);
      }
    });
  }
  return gradients;
}
