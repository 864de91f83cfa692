// What applying an op leaves behind for the backward pass.

import type { Tensor } from "../core/tensor.ts";

/** Where the slope of an activation, which is a factor of the gradient, is multiplied: by who applied it, or by its only reader. */
export interface Slopes {
  /** Whether dy has the slope of the op's own activation in it already: it is dz. */
  readonly isSloped: boolean;
  /** Of which activation dx is to have the slope in it: the one that computed the first input. "linear": of none. */
  readonly inputActivation: string;
  /** Whose work that is. */
  readonly inputLayers: readonly string[];
}

/** Everybody multiplies by the slope of his own activation. */
export const NO_SLOPES: Slopes = { isSloped: false, inputActivation: "linear", inputLayers: [] };

/** One applied op, as the backward walk sees it. */
export interface TapeEntry {
  readonly op: string;
  /** The layers whose work it is, and the line of the model that made the first. */
  readonly origin: { readonly layers: readonly string[]; readonly site: string | null };
  /** The id of the dispatch that computed the output; null where none was needed. */
  readonly forward: number | null;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  /** A root needs no incoming gradient: it is a loss, whose gradient is 1. */
  readonly isLoss: boolean;
  /** The op's own attributes; only its file knows their type. Read through a function of that file: see producerOf. */
  readonly attrs?: unknown;
  /** Applied to the output in the same kernel; default: linear. */
  readonly activation?: string;
  /** Whether backward takes `inputActivation`; default: it does not. */
  readonly takesSlope?: boolean;
  /** One gradient an input; default of slopes: neither. */
  readonly backward: (dy: Tensor | null, slopes?: Slopes) => readonly (Tensor | null)[];
}
