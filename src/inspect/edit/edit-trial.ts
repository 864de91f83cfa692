// What trying an edited kernel found, as plain data: a page shows it, and a test holds it against what was planted.

import type { KernelFault } from "../../engine/core/errors.ts";
import type { Difference } from "../verify/compare.ts";

/** `compile`: it does not, or not for what its kernels are given. `unverified`: nothing that runs has this file. */
export type Verdict = "holds" | "compile" | "wrong" | "unverified";

/** One result of a kernel of the file, held against one truth. */
export interface EditCheck {
  /** `awkward`: a problem by itself on a rung; `step`: within a copy of the step. */
  readonly where: "awkward" | "step";
  /** `conv2d.forward on tiled`, `adam/update`. */
  readonly of: string;
  /** The problem, or the layers. */
  readonly what: string;
  readonly tensor: string;
  readonly against: "naive" | "float64";
  readonly checked: number;
  /** Elements that rounding does not explain. */
  readonly outside: number;
  readonly worst: Difference | null;
}

/** Median milliseconds on the device, samples of both taken in turns. */
export interface EditTime {
  readonly of: string;
  readonly what: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  /** Whether the medians lie further apart than the samples scatter. */
  readonly isClear: boolean;
}

export interface EditTrial {
  readonly file: string;
  readonly verdict: Verdict;
  /** The verdict in one line. */
  readonly message: string;
  readonly faults: readonly KernelFault[];
  readonly checks: readonly EditCheck[];
  /** Kernels of the file for which nobody has written down what they should compute. */
  readonly uncovered: readonly string[];
  /** Empty where it does not hold. */
  readonly times: readonly EditTime[];
}

export function isRight({ outside }: EditCheck): boolean {
  return outside === 0;
}
