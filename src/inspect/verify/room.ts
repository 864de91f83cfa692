// How far a rung may be off beyond the rounding of its sums: what it says of itself (errorOfLargest), of the result at hand.

import { errorOfLargest } from "../../engine/ops/ladders.ts";
import type { Solution } from "../../engine/program/program.ts";
import type { Values } from "../walk.ts";
import type { Expected } from "./reference/reference.ts";

/** 0 for most rungs, and where no ladder solved anything. */
export function roomOf(
  solution: Pick<Solution, "ladder"> | null,
  { rung, got }: { readonly rung: string | null; readonly got: Values },
): number {
  const share = solution && rung !== null ? errorOfLargest(solution.ladder, rung) : 0;
  if (share === 0) return 0;
  let most = 0;
  for (const value of got) most = Math.max(most, Math.abs(value));
  return share * most;
}

export function withRoom<E extends Expected | null>(expected: E, room: number): E {
  return expected && { ...expected, error: expected.error + room };
}
