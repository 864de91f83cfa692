// The rule for label smoothing, which both cross-entropies take.

import { UsageError } from "../../core/errors.ts";

export function checkSmoothing(where: string, labelSmoothing: number): void {
  if (labelSmoothing >= 0 && labelSmoothing < 1) return;
  throw new UsageError(`${where}: labelSmoothing is from 0 to below 1, got ${labelSmoothing}`, {
    argument: "labelSmoothing",
  });
}
