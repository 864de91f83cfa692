// The pictures of a run: learning curves, bars; the confusion matrix is confusion-chart.ts's. Each is data shaped into a
// Vega-Lite specification; the look and the drawing are render.ts's.

import type { EpochRow } from "../../runs/history.ts";
import { panels, wholeTicks } from "./panels.ts";
import { type ChartSpec, INK, type Layout, PALETTE, renderChart } from "./render.ts";

const PANELS = {
  wide: { width: 380, height: 260 },
  narrow: { width: 262, height: 190 },
} as const;
const TRAINING = "training";
const VALIDATION = "validation";

interface CurvePoint {
  readonly epoch: number;
  readonly series: string;
  readonly value: number;
}

interface Panel {
  readonly title: string;
  readonly points: readonly CurvePoint[];
  readonly epochs: number;
  readonly better: "lower" | "higher";
  readonly format: string;
  readonly layout: Layout;
}

/** Loss and accuracy of every epoch, training against validation, the best epoch ringed. Epochs are shown from 1. */
export async function curvesSvg(
  history: readonly EpochRow[],
  layout: Layout = "wide",
): Promise<string> {
  const epochs = Math.max(1, ...history.map((row) => row.epoch + 1));
  const loss = curvePoints(history, { [TRAINING]: "loss", [VALIDATION]: "valLoss" });
  const accuracy = curvePoints(history, { [TRAINING]: "accuracy", [VALIDATION]: "valAccuracy" });
  const shared = { epochs, layout };
  const charts = [
    curvePanel({ ...shared, title: "Loss", points: loss, better: "lower", format: "~g" }),
    curvePanel({ ...shared, title: "Accuracy", points: accuracy, better: "higher", format: "~%" }),
  ];
  return await renderChart({
    ...panels(charts, layout),
    resolve: { scale: { color: "shared" }, legend: { color: "shared" } },
  } as unknown as ChartSpec);
}

function curvePoints(
  history: readonly EpochRow[],
  series: Readonly<Record<string, keyof EpochRow>>,
): CurvePoint[] {
  return Object.entries(series).flatMap(([name, key]) =>
    history.flatMap((row) => {
      const value = row[key];
      const drawn = value !== undefined && Number.isFinite(value);
      return drawn ? [{ epoch: row.epoch + 1, series: name, value }] : [];
    }),
  );
}

/** The best validated value; of training, where nothing was validated. */
function bestPoint({ points, better }: Panel): CurvePoint | undefined {
  const validated = points.filter((point) => point.series === VALIDATION);
  const sign = better === "lower" ? 1 : -1;
  const candidates = validated.length > 0 ? validated : points;
  return [...candidates].sort((a, b) => sign * (a.value - b.value) || a.epoch - b.epoch)[0];
}

/** Nothing that is not drawn is in the legend. */
function seriesOf({ points }: Panel): string[] {
  return [TRAINING, VALIDATION].filter((name) => points.some((point) => point.series === name));
}

function curvePanel(panel: Panel) {
  const best = bestPoint(panel);
  const x = {
    field: "epoch",
    type: "quantitative",
    title: "epoch",
    scale: { domain: epochDomain(panel.epochs), nice: false },
    axis: {
      values: wholeTicks(panel.epochs, panel.layout === "wide" ? 10 : 7),
      // A format would be Vega's to adapt: 11 is 10 where ticks are ten apart.
      labelExpr: "datum.value",
      grid: false,
      labelFlush: false,
      labelOverlap: false,
    },
  };
  const y = {
    field: "value",
    type: "quantitative",
    title: null,
    scale: panel.points.length > 0 ? { zero: false, nice: 6 } : { domain: [0, 1] },
    axis: { format: panel.format, tickCount: 6, domain: false, ticks: false },
  };
  const color = {
    field: "series",
    type: "nominal",
    scale: { domain: seriesOf(panel), range: [PALETTE.blue, PALETTE.vermillion] },
    legend: { orient: "bottom", direction: "horizontal", symbolType: "stroke", offset: 14 },
  };
  const line = { type: "line", strokeWidth: 2.2, interpolate: "linear", point: panel.epochs <= 30 };
  const ring = { type: "point", size: 150, strokeWidth: 2, filled: false, opacity: 1 };
  return {
    ...PANELS[panel.layout],
    title: { text: panel.title, subtitle: bestText(panel, best) },
    layer: [
      { data: { values: panel.points }, mark: line, encoding: { x, y, color } },
      { data: { values: best ? [best] : [] }, mark: ring, encoding: { x, y, color } },
    ],
  };
}

function bestText({ better, title }: Panel, best: CurvePoint | undefined): string {
  if (best === undefined) return "no finite value was recorded";
  const value = title === "Accuracy" ? percent(best.value) : best.value.toPrecision(4);
  return `${better === "lower" ? "lowest" : "highest"} ${best.series}: ${value} in epoch ${best.epoch}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}

function epochDomain(epochs: number): [number, number] {
  return epochs === 1 ? [0.5, 1.5] : [1, epochs];
}

export interface BarsChart {
  readonly title: string;
  readonly subtitle?: string;
  readonly items: readonly { readonly label: string; readonly value: number }[];
  /** "share" for values from 0 to 1, shown in per cent; "count" for whole numbers. */
  readonly unit: "share" | "count";
}

/** Horizontal bars in the order given, each with its value; the longest in the stronger colour. */
export async function barsSvg({ title, subtitle, items, unit }: BarsChart): Promise<string> {
  const largest = Math.max(...items.map((item) => item.value));
  const values = items.map((item) => ({
    ...item,
    text: unit === "share" ? `${(100 * item.value).toFixed(1)}%` : item.value.toLocaleString("en"),
    largest: unit === "share" && item.value === largest,
  }));
  const domain = [0, unit === "share" ? 1 : Math.max(1, largest)];
  const axis = { ticks: false, domain: false, labelPadding: 8, labelColor: INK.text };
  const labels = items.map((item) => item.label);
  const y = { field: "label", type: "nominal", sort: labels, title: null, axis };
  const x = { field: "value", type: "quantitative", title: null, scale: { domain }, axis: null };
  const colours = { condition: { test: "datum.largest", value: PALETTE.blue }, value: PALETTE.sky };
  return await renderChart({
    width: 420,
    height: { step: 28 },
    title: subtitle === undefined ? title : { text: title, subtitle },
    data: { values },
    layer: [
      {
        mark: { type: "bar", height: 18, cornerRadiusEnd: 2 },
        encoding: { x, y, color: unit === "share" ? colours : { value: PALETTE.blue } },
      },
      {
        mark: { type: "text", align: "left", dx: 6, fontSize: 12, color: INK.text },
        encoding: { x, y, text: { field: "text" } },
      },
    ],
  } as ChartSpec);
}
