// The roofline as SVG: what each dispatch computes for a byte, and how fast; one of them may stand out.

import type { Profile } from "../../inspect/profile/profile-schema.ts";
import { svg } from "../client/dom.ts";
import { formatNumber } from "./format.ts";
import { type Dispatch, type Step, shortName } from "./step.ts";

interface Options {
  readonly width: number;
  readonly height: number;
  readonly selected: number | null;
  readonly onSelect: (id: number) => void;
}

const EDGE = { top: 14, right: 14, bottom: 34, left: 52 } as const;

export function rooflineView(step: Step, options: Options): SVGSVGElement {
  const { width, height, selected, onSelect } = options;
  const { profile } = step.document;
  const dots = step.dispatches.filter(({ gflops, gbs }) => gflops > 0 && gbs > 0);
  const intensities = dots.map(intensityOf);
  const roof = roofOf(profile);
  const [x0, x1] = decades([...intensities, roof.gflops / roof.gbs]);
  const [y0, y1] = decades([...dots.map(({ gflops }) => gflops), roof.gflops]);
  const x = scale([x0, x1], [EDGE.left, width - EDGE.right]);
  const y = scale([y0, y1], [height - EDGE.bottom, EDGE.top]);
  const ridge = Math.max(x0, Math.min(x1, roof.gflops / roof.gbs));
  const from = Math.max(x0, y0 / roof.gbs);
  const line = `${x(from)},${y(from * roof.gbs)} ${x(ridge)},${y(ridge * roof.gbs)} ${x(x1)},${y(roof.gflops)}`;
  return svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      class: "roofline",
      role: "img",
      "aria-label": `roofline of ${dots.length} dispatches under ${formatNumber(roof.gflops)} GFLOPS and ${formatNumber(roof.gbs)} GB/s`,
    },
    ...powers(x0, x1).flatMap((value) => [
      svg("line", {
        x1: x(value),
        x2: x(value),
        y1: EDGE.top,
        y2: height - EDGE.bottom,
        class: "grid",
      }),
      svg(
        "text",
        { x: x(value), y: height - EDGE.bottom + 14, "text-anchor": "middle" },
        formatNumber(value),
      ),
    ]),
    ...powers(y0, y1).flatMap((value) => [
      svg("line", {
        x1: EDGE.left,
        x2: width - EDGE.right,
        y1: y(value),
        y2: y(value),
        class: "grid",
      }),
      svg("text", { x: EDGE.left - 6, y: y(value) + 4, "text-anchor": "end" }, formatNumber(value)),
    ]),
    svg(
      "text",
      { x: (EDGE.left + width) / 2, y: height - 4, "text-anchor": "middle" },
      "FLOP for a byte",
    ),
    svg("text", { x: EDGE.left + 6, y: 10 }, "GFLOPS"),
    svg("polyline", { points: line, class: "roof" }),
    ...dots
      .toSorted((a, b) => Number(a.id === selected) - Number(b.id === selected))
      .map((dot) => dotView(dot, { x, y, selected, onSelect })),
  );
}

interface Places extends Pick<Options, "selected" | "onSelect"> {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

function dotView(dot: Dispatch, { x, y, selected, onSelect }: Places): SVGElement {
  const isSelected = dot.id === selected;
  return svg(
    "circle",
    {
      cx: x(intensityOf(dot)),
      cy: y(dot.gflops),
      r: isSelected ? 7 : 3 + 6 * Math.sqrt(dot.share),
      class: `dot ${dot.pass}${isSelected ? " selected" : ""}${selected !== null && !isSelected ? " faint" : ""}`,
      onclick: () => onSelect(dot.id),
    },
    svg(
      "title",
      {},
      `#${dot.id} ${dot.layer ?? dot.pass}: ${shortName(dot)}, ${formatNumber(dot.gflops)} GFLOPS, ${formatNumber(dot.gbs)} GB/s`,
    ),
  );
}

function intensityOf({ gflops, gbs }: Dispatch): number {
  return gflops / gbs;
}

/** The best that was measured, whatever the amount: caches included. */
function roofOf({ ceilings }: Profile) {
  return { gflops: ceilings.gflops, gbs: Math.max(...ceilings.bandwidths.map(({ gbs }) => gbs)) };
}

function decades(values: readonly number[]): [number, number] {
  const logs = values.filter((value) => value > 0).map(Math.log10);
  return [10 ** Math.floor(Math.min(...logs)), 10 ** Math.ceil(Math.max(...logs) + 0.05)];
}

function scale([a, b]: readonly [number, number], [from, to]: readonly [number, number]) {
  const [low, high] = [Math.log10(a), Math.log10(b)];
  return (value: number): number => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
}

function powers(low: number, high: number): number[] {
  const [first, last] = [Math.round(Math.log10(low)), Math.round(Math.log10(high))];
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
}
