// What applying an op leaves behind for the backward pass.

import type { Tensor } from "../core/tensor.ts";

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
  readonly backward: (dy: Tensor | null) => readonly (Tensor | null)[];
}
