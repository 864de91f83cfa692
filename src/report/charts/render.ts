// The one look of every chart, and the way from a Vega-Lite specification to an SVG string, without a browser. What the
// charts show is in run-charts.ts; a new kind of chart is a specification handed to renderChart.

import type { TopLevelSpec } from "vega-lite";

/** For a column of text and for a phone, whose width is that of about 350 pixels: there panels stand one under another. */
export type Layout = "wide" | "narrow";

/** What a chart adds to the shared look. */
export type ChartSpec = TopLevelSpec;

/** Okabe and Ito's palette, told apart with any kind of colour vision; jfly.uni-koeln.de/color. */
export const PALETTE = {
  blue: "#0072B2",
  vermillion: "#D55E00",
  green: "#009E73",
  purple: "#CC79A7",
  sky: "#56B4E9",
  orange: "#E69F00",
} as const;

export const INK = { text: "#1f2328", muted: "#59636e", grid: "#e7eaee", axis: "#b7bec7" } as const;

export const FONT =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

const CONFIG = {
  background: "white",
  padding: 16,
  font: FONT,
  view: { stroke: null },
  title: {
    anchor: "start",
    frame: "group",
    fontSize: 15,
    fontWeight: 600,
    color: INK.text,
    subtitleFontSize: 12,
    subtitleColor: INK.muted,
    subtitlePadding: 4,
    offset: 12,
  },
  axis: {
    labelFontSize: 12,
    labelColor: INK.muted,
    titleFontSize: 12,
    titleFontWeight: 500,
    titleColor: INK.text,
    titlePadding: 10,
    labelPadding: 6,
    gridColor: INK.grid,
    domainColor: INK.axis,
    tickColor: INK.axis,
  },
  legend: { labelFontSize: 12, labelColor: INK.text, symbolStrokeWidth: 2.5, title: null },
  range: { category: Object.values(PALETTE) },
} as const;

/** The chart as SVG: scales to the width it is given, its own width at most. Equal data give equal text. */
export async function renderChart(spec: ChartSpec): Promise<string> {
  // Together they take half a second to load, which only a command that draws should pay.
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const silent = vega.logger(vega.Error);
  const compiled = compile({ ...spec, config: CONFIG }, { logger: silent });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: "none", logger: silent });
  vega.resetSVGDefIds();
  measureText(vega);
  try {
    return scalable(await view.toSVG());
  } finally {
    view.finalize();
  }
}

/** Vega calls this where it has no canvas; its own guess, 0.8 em a character, leaves holes in the layout. */
function measureText(vega: object): void {
  if (!("textMetrics" in vega)) return;
  const metrics = vega.textMetrics as { width: (item: TextItem, text: unknown) => number };
  metrics.width = ({ fontSize = 11, fontWeight }, text) =>
    textEms(String(text ?? "")) * fontSize * (Number(fontWeight) >= 600 ? 1.08 : 1);
}

interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: number | string;
}

/** Widths of the wider among the usual sans-serif faces, so that a label may end early but is never cut. */
function textEms(text: string): number {
  let ems = 0;
  for (const character of text) {
    if (/[ijl.,:;'|!()[\] ftr\-/]/.test(character)) ems += 0.37;
    else if (/[mwMW%@]/.test(character)) ems += 0.95;
    else ems += /[A-Z0-9]/.test(character) ? 0.66 : 0.61;
  }
  return ems;
}

/** Vega fixes width and height in pixels; the viewBox that it also writes lets the page decide. */
function scalable(svg: string): string {
  const size = /^(<svg[^>]*?) width="([\d.]+)" height="[\d.]+"/;
  return `${svg.replace(size, '$1 width="100%" style="max-width:$2px;height:auto"')}\n`;
}
