// What pictures of several panels share: panels side by side or one under another, and ticks at even distances whose labels
// say just where they are.

import type { Layout } from "./render.ts";

/** Side by side where there is room. */
export function panels(charts: readonly object[], layout: Layout): object {
  return layout === "wide" ? { hconcat: charts, spacing: 48 } : { vconcat: charts, spacing: 30 };
}

export interface Ticks {
  readonly domain: readonly [number, number];
  readonly values: readonly number[];
  /** As many digits as the step has, for all of them. */
  readonly format: string;
}

/** About five, at a round step, from just below the values to just above them. */
export function evenTicks(values: readonly number[], unit: "share" | "number"): Ticks {
  const [low, high] = values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const step = roundStep((high - low || Math.abs(high) || 1) / 5);
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  const count = Math.max(1, last - first) + 1;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9) - (unit === "share" ? 2 : 0));
  const ticks = Array.from({ length: count }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
  return {
    domain: [ticks[0] ?? 0, ticks.at(-1) ?? 1],
    values: ticks,
    format: unit === "share" ? `.${digits}%` : `.${digits}f`,
  };
}

/** 1, 2 or 5 times a power of ten, not below `least`. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least) + 1e-9);
  const factor = [1, 2, 5, 10].find((times) => times * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** 1 and what follows it at even distances, so many at most. */
export function wholeTicks(total: number, most: number): number[] {
  const steps = [1, 2, 3, 4, 5, 10, 20, 25, 50, 100, 200, 500];
  const step = steps.find((size) => total / size <= most) ?? Math.ceil(total / most);
  return Array.from({ length: Math.ceil(Math.max(1, total) / step) }, (_, i) => 1 + i * step);
}
