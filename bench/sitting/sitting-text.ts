// What a sitting prints: a heading for each case, a row for each of its variants, in 80 columns.

import { spreadOf } from "../../src/inspect/profile/statistics.ts";
import type { KernelResult } from "../../src/inspect/timing/time-case.ts";
import type { TrainStepResult } from "../../src/inspect/timing/train-step.ts";
import { columns } from "../../src/report/text/columns.ts";
import type { BackboneResult } from "../backbone-forward.ts";

export const WIDTH = 80;

const ROW = [
  { head: "  variant", width: 14, isText: true },
  { head: "ms", width: 10 },
  { head: "±", width: 6 },
  { head: "p90", width: 10 },
  { head: "best", width: 10 },
  { head: "rate", width: 13 },
  { head: "of ceiling", width: 10 },
] as const;

export function kernelHead(): string {
  return columns(ROW, [])[0] ?? "";
}

/** `conv2 dx  50×14×14×6 → 10×10×16, 5×5`; the name is what `--filter` takes, so that the shape is cut first. */
export function caseHeading({ name, shape }: Pick<KernelResult, "name" | "shape">): string {
  const title = shortened(name, WIDTH);
  const room = WIDTH - title.length - 2;
  return room < 8 ? title : `${title}  ${shortened(shape, room)}`;
}

export function kernelRow(result: KernelResult): string {
  const { variant, ms, lower, upper, p90, best, share } = result;
  const cells = [
    ...[`  ${variant}`, timeOf(ms), percent(spreadOf({ median: ms, lower, upper }))],
    ...[timeOf(p90), timeOf(best), rateOf(result), percent(share)],
  ];
  return columns(ROW, [cells])[1] ?? "";
}

function rateOf({ gflops, gbs }: KernelResult): string {
  if (gflops !== null) return `${short(gflops)} GFLOPS`;
  return gbs === null ? "" : `${short(gbs)} GB/s`;
}

function short(value: number): string {
  return value < 1000 ? value.toFixed(1) : value.toFixed(0);
}

/** Milliseconds with as many digits as mean something. */
export function timeOf(ms: number): string {
  return ms < 100 ? ms.toFixed(3) : ms.toFixed(1);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** Cut in the middle: cases of one network begin alike, and end in their pass and rung. */
export function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const end = Math.floor((width - 1) / 2);
  return `${text.slice(0, width - 1 - end)}…${end === 0 ? "" : text.slice(-end)}`;
}

export function passLines(pass: BackboneResult): readonly string[] {
  const { model, size, batch, p90, gflops, imagesPerSecond, dispatches, pipelines, first } = pass;
  return [
    `${model} forward at ${size}×${size}, batch ${batch}${kernelsOf(pass)}: ${medianOf(pass)} (p90 ${timeOf(p90)})`,
    `  ${imagesPerSecond.toFixed(1)} images/s, ${gflops.toFixed(1)} GFLOPS, ${dispatches} dispatches`,
    `  ${pipelines} pipelines, first pass ${(first / 1000).toFixed(1)} s`,
  ];
}

export function stepLines(step: TrainStepResult): readonly string[] {
  const { model, batch, ms, p90, steps, dispatches, loss } = step;
  // The first step may compile, and is not timed.
  if (ms === 0) return [`${model} training step, batch ${batch}: not timed, for want of rows`];
  const images = ((1000 * batch) / ms).toFixed(0);
  return [
    `${model} training step, batch ${batch}${kernelsOf(step)}: ${medianOf(step)} (p90 ${timeOf(p90)})`,
    `  ${images} images/s, ${dispatches} dispatches, ${steps} steps, mean loss ${loss.toFixed(4)}`,
  ];
}

function kernelsOf({ kernels }: Pick<BackboneResult, "kernels">): string {
  return kernels === undefined ? "" : ", measured kernels";
}

function medianOf({ ms, lower, upper }: Pick<KernelResult, "ms" | "lower" | "upper">): string {
  return `${timeOf(ms)} ms ±${percent(spreadOf({ median: ms, lower, upper }))}`;
}

/** Items separated by commas, in lines that begin with a title or as many spaces. */
export function listLines(title: string, items: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let line = title;
  for (const [index, item] of items.entries()) {
    const piece = ` ${shortened(item, WIDTH - title.length - 2)}${index < items.length - 1 ? "," : ""}`;
    if (line.length > title.length && line.length + piece.length > WIDTH) {
      lines.push(line);
      line = " ".repeat(title.length);
    }
    line += piece;
  }
  return [...lines, line];
}
