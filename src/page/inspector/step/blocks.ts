// A dispatch as a block of the step's picture: its width is what is measured, its colour the pass or what bounds it.

import { element } from "../../client/dom.ts";
import { BOUNDS, PASSES } from "../passes.ts";
import type { Reader } from "../reader.ts";
import type { Entry } from "../step-model.ts";
import { ofBytes, ofCount, ofTime } from "../words.ts";

export const MEASURES = ["time", "bytes", "FLOPs"] as const;
export type Measure = (typeof MEASURES)[number];

export const COLOURS = ["pass", "bound", "rung"] as const;
export type Colouring = (typeof COLOURS)[number];

export function measured({ facts }: Entry, measure: Measure): number {
  if (measure === "time") return facts.ms.median;
  return measure === "bytes" ? facts.bytes : facts.flops;
}

export function measuredInWords(value: number, measure: Measure): string {
  if (measure === "time") return ofTime(value);
  return measure === "bytes" ? ofBytes(value) : `${ofCount(value)} FLOPs`;
}

const RUNGS: Readonly<Record<string, string>> = {
  naive: "var(--muted)",
  tiled: "var(--orange)",
  subgroup: "var(--blue)",
  implicit: "var(--green)",
  gemm: "var(--purple)",
  winograd: "var(--vermillion)",
  winograd4: "var(--sky)",
  columns: "color-mix(in oklab, var(--orange), var(--muted))",
  sliding: "color-mix(in oklab, var(--blue), var(--purple))",
  toeplitz: "color-mix(in oklab, var(--green), var(--sky))",
};

/** What the colours stand for, as a legend shows it. */
export function legendOf(
  entries: readonly Entry[],
  colouring: Colouring,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const entry of entries) {
    const [word, colour] = colourOf(entry, colouring);
    found.set(word, colour);
  }
  return found;
}

export function colourOf(
  { facts }: Entry,
  colouring: Colouring,
): readonly [word: string, colour: string] {
  if (colouring === "pass") return [facts.pass, PASSES[facts.pass].colour];
  if (colouring === "bound") return [facts.bound, BOUNDS[facts.bound].colour];
  const rung = facts.solution?.rung;
  if (rung === undefined) return ["one way only", "var(--line)"];
  // Variants have their rung's colour: `tiled 64x64/8x4/16`.
  const [name = rung] = rung.split(" ", 1);
  return [name, RUNGS[name] ?? "var(--sky)"];
}

export function blockOf(entry: Entry, reader: Reader): HTMLButtonElement {
  const { facts, id, result } = entry;
  const what = `#${id} ${facts.layer ?? facts.pass} ${result}`;
  const words = `${what}: ${facts.kernel}, ${ofTime(facts.ms.median)}, ${ofBytes(facts.bytes)}, ${ofCount(facts.flops)} FLOPs`;
  return element(
    "button",
    {
      type: "button",
      class: "block",
      "data-id": id,
      "aria-label": words,
      title: words,
      onclick: () => reader.go({ dispatch: id }),
    },
    element("span", {}, result),
  );
}
