// The roofline (Williams, Waterman, Patterson, 2009): each dispatch by the operations that it does for a byte and the GFLOPS that it
// reaches, under what the adapter can do at most. Both axes are logarithmic.

import { bandwidthEnds } from "../../inspect/profile/bandwidths.ts";
import { svg } from "../client/dom.ts";
import { PASSES } from "./passes.ts";
import type { Reader } from "./reader.ts";
import type { Entry } from "./step-model.ts";
import { ofShare, ofTime } from "./words.ts";

export interface RooflineOptions {
  readonly width: number;
  readonly height: number;
  readonly chosen: Entry | null;
  /** Names of the heaviest; small ones have no room. */
  readonly hasNames?: boolean;
}

const EDGE = { top: 10, right: 14, bottom: 34, left: 46 } as const;

type Range = readonly [low: number, high: number];

/** Only what computes has a place. */
export function hasDot({ facts }: Entry): boolean {
  return facts.gflops > 0 && facts.gbs > 0;
}

export function intensityOf({ facts }: Entry): number {
  return facts.gflops / facts.gbs;
}

export function rooflineChart(reader: Reader, options: RooflineOptions): SVGSVGElement {
  const { width, height, chosen, hasNames = false } = options;
  const { profile } = reader.step.document;
  const { gflops: top } = profile.ceilings;
  const { cache, memory } = bandwidthEnds(profile.ceilings);
  const dots = reader.step.entries.filter(hasDot);
  const xs: Range = decades([...dots.map(intensityOf), top / memory], 3);
  const ys: Range = decades([...dots.map(({ facts }) => facts.gflops), top], 1.6);
  const x = (value: number) => EDGE.left + along(value, xs) * (width - EDGE.left - EDGE.right);
  const y = (value: number) =>
    height - EDGE.bottom - along(value, ys) * (height - EDGE.top - EDGE.bottom);
  const roof = (rate: number): string => {
    const ridge = top / rate;
    const from = Math.max(xs[0], ys[0] / rate);
    return `M${x(from)} ${y(from * rate)}L${x(Math.min(ridge, xs[1]))} ${y(Math.min(top, xs[1] * rate))}L${x(xs[1])} ${y(top)}`;
  };
  const shown = [
    ...dots.filter((dot) => dot !== chosen),
    ...(chosen && hasDot(chosen) ? [chosen] : []),
  ];
  const what = chosen ? `, with #${chosen.id} marked` : "";
  return svg(
    "svg",
    {
      class: "roofline",
      viewBox: `0 0 ${width} ${height}`,
      role: "group",
      "aria-label": `roofline of ${dots.length} dispatches${what}`,
    },
    ...gridLines({ x, y, xs, ys, width, height }),
    svg("path", { class: "roof", d: roof(memory) }),
    cache > memory * 1.05 ? svg("path", { class: "roof inner", d: roof(cache) }) : null,
    svg(
      "text",
      { class: "roof-name end", x: width - EDGE.right - 4, y: y(top) - 5 },
      `${top.toFixed(0)} GFLOPS`,
    ),
    svg(
      "text",
      { class: "roof-name", ...beside(memory, { x, y, xs, ys }) },
      `${memory.toFixed(1)} GB/s of memory`,
    ),
    ...shown.map((entry) =>
      dotOf(entry, reader, {
        x,
        y,
        isChosen: entry === chosen,
        isFaint: chosen !== null && !hasNames,
      }),
    ),
    ...(hasNames ? namesOf(dots, { x, y, width }) : []),
    svg(
      "text",
      { class: "axis end", x: width - EDGE.right, y: height - 4 },
      "FLOPs for each byte moved",
    ),
    svg("text", { class: "axis", x: 2, y: EDGE.top + 2 }, "GFLOPS"),
  );
}

interface Frame {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

function dotOf(
  entry: Entry,
  reader: Reader,
  { x, y, isChosen, isFaint }: Frame & { readonly isChosen: boolean; readonly isFaint: boolean },
): SVGGElement {
  const { facts, id, result } = entry;
  const radius = isChosen ? 6 : 2.5 + 11 * Math.sqrt(facts.share);
  const words = `#${id} ${facts.layer ?? facts.pass} ${result}: ${facts.gflops.toFixed(1)} GFLOPS, ${ofTime(facts.ms.median)}, ${ofShare(facts.share)} of the time`;
  const open = (): void => reader.go({ dispatch: id });
  return svg(
    "g",
    {
      class: `dot${isChosen ? " chosen" : ""}${isFaint && !isChosen ? " faint" : ""}`,
      "data-id": id,
      tabindex: isFaint ? "-1" : "0",
      role: "button",
      "aria-label": words,
      style: `--hue: ${PASSES[facts.pass].colour}`,
      onclick: open,
      onkeydown: (event: KeyboardEvent) => {
        if (event.key === "Enter" || event.key === " ") open();
      },
    },
    svg("title", {}, words),
    svg("circle", { cx: x(intensityOf(entry)), cy: y(facts.gflops), r: radius }),
  );
}

function gridLines({
  x,
  y,
  xs,
  ys,
  width,
  height,
}: Frame & {
  readonly xs: Range;
  readonly ys: Range;
  readonly width: number;
  readonly height: number;
}) {
  const lines: SVGElement[] = [];
  for (const value of powers(xs)) {
    lines.push(
      svg("line", {
        class: "grid",
        x1: x(value),
        x2: x(value),
        y1: EDGE.top,
        y2: height - EDGE.bottom,
      }),
      svg(
        "text",
        { class: "tick middle", x: x(value), y: height - EDGE.bottom + 13 },
        short(value),
      ),
    );
  }
  for (const value of powers(ys)) {
    lines.push(
      svg("line", {
        class: "grid",
        x1: EDGE.left,
        x2: width - EDGE.right,
        y1: y(value),
        y2: y(value),
      }),
      svg("text", { class: "tick end", x: EDGE.left - 6, y: y(value) + 4 }, short(value)),
    );
  }
  return lines;
}

/** Along the slope, above it, at a place that is within the frame. */
function beside(
  rate: number,
  { x, y, xs, ys }: Frame & { readonly xs: Range; readonly ys: Range },
) {
  const from = Math.max(xs[0], ys[0] / rate);
  const at = from * 1.6;
  const [x1, y1, x2, y2] = [x(at), y(at * rate), x(at * 4), y(at * 4 * rate)];
  const turn = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
  return {
    x: x1,
    y: y1 - 6,
    transform: `rotate(${turn.toFixed(1)} ${x1.toFixed(1)} ${y1.toFixed(1)})`,
  };
}

/** Names of the heaviest, left out where one would lie over another. */
function namesOf(dots: readonly Entry[], { x, y, width }: Frame & { readonly width: number }) {
  const taken = dots.map((dot) => {
    const [cx, cy] = [x(intensityOf(dot)), y(dot.facts.gflops)];
    return { left: cx - 2, right: cx + 2, top: cy - 2, bottom: cy + 2 };
  });
  const names: SVGTextElement[] = [];
  const heaviest = [...dots].sort((a, b) => b.facts.share - a.facts.share).slice(0, 24);
  for (const { facts, result } of heaviest) {
    const text = `${facts.layer ?? facts.pass} ${result}`;
    const length = 6.2 * text.length;
    const radius = 4 + 11 * Math.sqrt(facts.share);
    const [cx, cy] = [x(facts.gflops / facts.gbs), y(facts.gflops)];
    const isRight = cx + radius + length < width - EDGE.right;
    const left = isRight ? cx + radius : cx - radius - length;
    const box = { left, right: left + length, top: cy - 8, bottom: cy + 6 };
    const isFree = taken.every(
      (other) =>
        box.right < other.left ||
        box.left > other.right ||
        box.bottom < other.top ||
        box.top > other.bottom,
    );
    if (!isFree || left < EDGE.left) continue;
    taken.push(box);
    names.push(svg("text", { class: "dot-name", x: left, y: cy + 4 }, text));
  }
  return names;
}

function along(value: number, [low, high]: Range): number {
  return (Math.log10(value) - Math.log10(low)) / (Math.log10(high) - Math.log10(low));
}

function decades(values: readonly number[], room: number): Range {
  return [10 ** Math.floor(Math.log10(Math.min(...values))), room * Math.max(...values)];
}

function powers([low, high]: Range): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
}

function short(value: number): string {
  return value >= 0.001 && value < 10_000
    ? String(Number(value.toPrecision(3)))
    : value.toExponential(0);
}
