// The backward pass: walks the tape from the losses back, and sums the gradients of a tensor with several consumers.

import type { Tensor } from "../core/tensor.ts";
import type { Recorder } from "../program/recorder.ts";
import type { TapeEntry } from "../program/tape-entry.ts";
import { addTensors } from "./add.ts";

/** Gradients by tensor, of those that were watched and that the losses (or seeds) depend on. */
export type GradientMap = ReadonlyMap<Tensor, Tensor>;

/**
 * Records the backward pass of everything on the tape. Losses are roots, with gradient 1; `seeds` gives the gradient of
 * other tensors to start from. A tensor that one op activates and one other reads gets its gradient with the slope of the
 * activation in it already, where the reader can: that one is not in the result.
 */
export function recordGradients(rec: Recorder, seeds: GradientMap = new Map()): GradientMap {
  const gradients = new Map<Tensor, Tensor>(seeds);
  const readers = rec.fuses ? activationsBySoleReader(rec.tape, seeds) : new Map();
  const sloped = new Set<Tensor>();
  for (const entry of rec.tape.toReversed()) {
    const dy = gradients.get(entry.output) ?? null;
    if (!(dy || entry.isLoss) || !rec.isWatched(entry.output)) continue;
    const inputActivation = readers.get(entry) ?? "linear";
    const [first] = entry.inputs;
    if (inputActivation !== "linear" && first) sloped.add(first);
    const slopes = { isSloped: sloped.has(entry.output), inputActivation };
    rec.backwardOf(entry, () => {
      for (const [index, dx] of entry.backward(dy, slopes).entries()) {
        const input = entry.inputs[index];
        if (!(input && dx && rec.isWatched(input))) continue;
        const sum = gradients.get(input);
        gradients.set(input, sum ? addTensors(rec, sum, dx, `${input.label}.sum`) : dx);
      }
    });
  }
  for (const tensor of sloped) gradients.delete(tensor);
  return gradients;
}

/** Entries that alone read what another one activated, and can take its slope along: with the name of the activation. */
function activationsBySoleReader(
  tape: readonly TapeEntry[],
  seeds: GradientMap,
): ReadonlyMap<TapeEntry, string> {
  const readers = new Map<Tensor, TapeEntry | null>();
  for (const entry of tape) {
    for (const input of entry.inputs) readers.set(input, readers.has(input) ? null : entry);
  }
  const found = new Map<TapeEntry, string>();
  for (const { output, activation = "linear" } of tape) {
    const reader = readers.get(output);
    const isTaken = reader?.takesSlope === true && reader.inputs[0] === output;
    if (activation !== "linear" && isTaken && !seeds.has(output)) found.set(reader, activation);
  }
  return found;
}
