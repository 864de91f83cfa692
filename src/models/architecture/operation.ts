// A call of a function in a functional model, in whatever spelling it was written: which function, of what.

import type { Source } from "./layer-calls.ts";

/** An argument: a tensor by the layer that it comes from, a list of arguments, or a constant. */
export type Argument =
  | Source
  | { readonly items: readonly Argument[] }
  | { readonly value: unknown };

export interface OperationCall {
  /** In the spelling of either: `math.truediv`, `TrueDivide`. */
  readonly name: string;
  readonly positional: readonly Argument[];
  readonly named: Readonly<Record<string, Argument>>;
}
