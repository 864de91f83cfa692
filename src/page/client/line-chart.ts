// Lines over a common x as SVG: curves of training, figures that grow while they are watched. Redrawn whole at each change, which
// takes under a millisecond for some thousand points.

import { svg } from "./dom.ts";

export interface Series {
  readonly name: string;
  /** A colour of the theme: `var(--blue)`. */
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Default false. */
  readonly isDashed?: boolean;
  /** Thin and pale, without dots: what stands behind the others. Default false. */
  readonly isFaint?: boolean;
}

export interface LineChart {
  /** What a reader who does not see it should know. */
  readonly label: string;
  readonly series: readonly Series[];
  /** Words of a value at the axis. */
  readonly formatY?: (value: number) => string;
  readonly formatX?: (value: number) => string;
  /** Of its own coordinates; the page scales it. Default 360 × 200. */
  readonly width?: number;
  readonly height?: number;
  /** Where the axes end; default: where the points do. */
  readonly xDomain?: readonly [number, number];
  readonly yDomain?: readonly [number, number];
  /** Ticks of whole numbers only, as epochs need. Default false. */
  readonly hasWholeX?: boolean;
  /** Moments on the x axis that something happened at. */
  readonly marks?: readonly { readonly x: number; readonly title: string }[];
}

/** Space around the lines, where the axes' words stand. */
export const EDGE = { top: 8, right: 12, bottom: 22, left: 46 } as const;

export function lineChart(chart: LineChart): SVGSVGElement {
  const { label, series, width = 360, height = 200 } = chart;
  const { formatX = plain, formatY = plain, hasWholeX = false } = chart;
  const finite = series.map((one) => ({
    ...one,
    points: one.points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)),
  }));
  const points = finite.flatMap((one) => one.points);
  const [x0, x1] = chart.xDomain ?? extent(points.map(([x]) => x));
  const [y0, y1] = chart.yDomain ?? padded(extent(points.map(([, y]) => y)));
  const x = (value: number) =>
    EDGE.left + ((value - x0) / (x1 - x0)) * (width - EDGE.left - EDGE.right);
  const y = (value: number) =>
    height - EDGE.bottom - ((value - y0) / (y1 - y0)) * (height - EDGE.top - EDGE.bottom);
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": label,
    class: "line-chart",
  });
  for (const tick of ticks(y0, y1, 5)) {
    picture.append(
      svg("line", {
        x1: EDGE.left,
        x2: width - EDGE.right,
        y1: y(tick),
        y2: y(tick),
        class: "grid",
      }),
      svg("text", { x: EDGE.left - 6, y: y(tick) + 3.5, class: "tick y" }, formatY(tick)),
    );
  }
  for (const tick of ticks(x0, x1, 6, hasWholeX)) {
    picture.append(svg("text", { x: x(tick), y: height - 6, class: "tick x" }, formatX(tick)));
  }
  for (const { x: at, title } of chart.marks ?? []) {
    const line = { x1: x(at), x2: x(at), y1: EDGE.top, y2: height - EDGE.bottom, class: "mark" };
    picture.append(svg("line", line, svg("title", {}, title)));
  }
  for (const { points: own, colour, isDashed, isFaint } of finite) {
    const stroke = { stroke: colour, "stroke-dasharray": isDashed ? "4 3" : undefined };
    const path = own.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(" ");
    const kind = isFaint ? "series faint" : "series";
    picture.append(svg("polyline", { points: path, class: kind, ...stroke }));
    // A line of one point is nothing to see.
    for (const [px, py] of own.length <= 30 && !isFaint ? own : []) {
      picture.append(svg("circle", { cx: x(px), cy: y(py), r: 2.4, fill: colour }));
    }
  }
  return picture;
}

export const LINE_CHART_CSS = `
.line-chart { display: block; width: 100%; height: auto; font: 11px var(--sans); }
.line-chart .grid { stroke: var(--line); }
.line-chart .tick { fill: var(--muted); font-variant-numeric: tabular-nums; }
.line-chart .tick.y { text-anchor: end; }
.line-chart .tick.x { text-anchor: middle; }
.line-chart .series { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line-chart .series.faint { stroke-width: 1; opacity: 0.45; }
.line-chart .mark { stroke: var(--doubt); stroke-dasharray: 2 3; stroke-width: 1.5; }
`;

function extent(values: readonly number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

function padded([low, high]: readonly [number, number]): [number, number] {
  const space = 0.06 * (high - low);
  return [low - space, high + space];
}

/** Round steps within the domain: about `most` of them. */
export function ticks(low: number, high: number, most: number, isWhole = false): number[] {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough) ?? 10;
  const step = isWhole ? Math.max(1, Math.round(factor * power)) : factor * power;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => (first + index) * step);
}

function plain(value: number): string {
  return String(Number(value.toPrecision(4)));
}
