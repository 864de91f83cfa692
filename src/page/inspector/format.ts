// Numbers as the inspector's page shows them.

import type { Measure } from "./step.ts";

export function formatMs(ms: number): string {
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  return ms >= 0.1 ? `${ms.toFixed(2)} ms` : `${(1000 * ms).toFixed(1)} µs`;
}

export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(2)} MB`;
  return bytes >= 1e3 ? `${(bytes / 1e3).toFixed(1)} KB` : `${bytes} B`;
}

export function formatFlops(flops: number): string {
  if (flops >= 1e9) return `${(flops / 1e9).toFixed(2)} GFLOP`;
  if (flops >= 1e6) return `${(flops / 1e6).toFixed(2)} MFLOP`;
  return flops >= 1e3 ? `${(flops / 1e3).toFixed(1)} kFLOP` : `${flops} FLOP`;
}

export function formatMeasure(value: number, measure: Measure): string {
  if (measure === "time") return formatMs(value);
  return measure === "bytes" ? formatBytes(value) : formatFlops(value);
}

export function formatShare(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** Four digits, as short as they go. */
export function formatNumber(value: number | null): string {
  if (value === null) return "none";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return String(value);
  return size >= 1e5 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

export function formatShape(shape: readonly number[]): string {
  return shape.length === 0 ? "scalar" : shape.join(" × ");
}

/** The last parts of a path, with the line. */
export function shortSite(site: string): string {
  return site.split("/").slice(-3).join("/");
}
