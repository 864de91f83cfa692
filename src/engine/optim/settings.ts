// What the settings of optimisers may be; errors name the optimiser and the setting.

import { UsageError } from "../core/errors.ts";

/** Each of `shares` lies in [0, 1). Throws UsageError. */
export function checkShares(optimizer: string, shares: Readonly<Record<string, number>>): void {
  for (const [name, share] of Object.entries(shares)) {
    if (share >= 0 && share < 1) continue;
    throw new UsageError(`${optimizer}: ${name} lies in [0, 1), got ${share}`);
  }
}

/** Each of `values` is a finite number above 0. Throws UsageError. */
export function checkPositive(optimizer: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value > 0 && Number.isFinite(value)) continue;
    throw new UsageError(`${optimizer}: ${name} is a number above 0, got ${value}`);
  }
}
