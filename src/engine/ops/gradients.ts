// The backward pass: walks the tape from the losses back, and sums the gradients of a tensor with several consumers.

import type { Tensor } from "../core/tensor.ts";
import type { Recorder } from "../program/recorder.ts";
import type { TapeEntry } from "../program/tape-entry.ts";
import { addTensors } from "./add.ts";
import { recordScaled } from "./cast.ts";

/** Gradients by tensor, of those that were watched and that the losses (or seeds) depend on. */
export type GradientMap = ReadonlyMap<Tensor, Tensor>;

/**
 * Records the backward pass of everything on the tape. Losses are roots, with gradient 1; `seeds` gives the gradient of
 * other tensors to start from. A tensor that one op activates and one other reads gets its gradient with the slope of the
 * activation in it already, where the reader can, unless somebody watches it by itself: that one is not in the result.
 * `lossScale`, (1) f32 on the device, is a factor of the losses, and so of every gradient; default: there is none.
 */
export function recordGradients(
  rec: Recorder,
  seeds: GradientMap = new Map(),
  { lossScale = null }: { readonly lossScale?: Tensor | null } = {},
): GradientMap {
  const gradients = new Map<Tensor, Tensor>(seeds);
  const isWanted = (tensor: Tensor) => seeds.has(tensor) || rec.isAsked(tensor);
  const activatedFor = rec.fuses
    ? activatedForSoleReader(rec.tape, isWanted)
    : new Map<TapeEntry, TapeEntry>();
  const sloped = new Set<Tensor>();
  for (const entry of rec.tape.toReversed()) {
    const dy = gradients.get(entry.output) ?? null;
    if (!(dy || entry.isLoss) || !rec.isWatched(entry.output)) continue;
    const activated = activatedFor.get(entry);
    if (activated) sloped.add(activated.output);
    const slopes = {
      isSloped: sloped.has(entry.output),
      inputActivation: activated?.activation ?? "linear",
      inputLayers: activated?.origin.layers ?? [],
    };
    rec.backwardOf(entry, () => {
      for (const [index, given] of entry.backward(dy, slopes).entries()) {
        const input = entry.inputs[index];
        if (!(input && given && rec.isWatched(input))) continue;
        const factor = entry.isLoss ? lossScale : null;
        const dx = factor ? recordScaled(rec, given, { factor, dtype: input.dtype }) : given;
        const sum = gradients.get(input);
        gradients.set(input, sum ? addTensors(rec, sum, dx, `${input.label}.sum`) : dx);
      }
    });
  }
  for (const tensor of sloped) gradients.delete(tensor);
  return gradients;
}

/** By entries that alone read what another one activated, and can take its slope along: the other one. */
function activatedForSoleReader(
  tape: readonly TapeEntry[],
  isWanted: (tensor: Tensor) => boolean,
): ReadonlyMap<TapeEntry, TapeEntry> {
  const readers = new Map<Tensor, TapeEntry | null>();
  for (const entry of tape) {
    for (const input of entry.inputs) readers.set(input, readers.has(input) ? null : entry);
  }
  const found = new Map<TapeEntry, TapeEntry>();
  for (const entry of tape) {
    const { output, activation = "linear" } = entry;
    const reader = readers.get(output);
    const isTaken = reader?.takesSlope === true && reader.inputs[0] === output;
    // What is stored as f16 is rounded between the two; to the same bits as in one where the slope is 0 or 1.
    if (output.dtype === "f16" && activation !== "relu") continue;
    if (activation !== "linear" && isTaken && !isWanted(output)) found.set(reader, entry);
  }
  return found;
}
