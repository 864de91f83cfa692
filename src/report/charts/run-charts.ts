// The pictures of a run: learning curves, confusion matrix, bars. Each is data shaped into a Vega-Lite specification;
// the look and the drawing are render.ts's.

import type { EpochRow } from "../../runs/history.ts";
import { type ChartSpec, INK, PALETTE, renderChart } from "./render.ts";

const PANEL = { width: 380, height: 260 } as const;
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
}

/** Loss and accuracy of every epoch, training against validation, the best epoch ringed. Epochs are shown from 1. */
export async function curvesSvg(history: readonly EpochRow[]): Promise<string> {
  const epochs = Math.max(1, ...history.map((row) => row.epoch + 1));
  const loss = curvePoints(history, { [TRAINING]: "loss", [VALIDATION]: "valLoss" });
  const accuracy = curvePoints(history, { [TRAINING]: "accuracy", [VALIDATION]: "valAccuracy" });
  return await renderChart({
    hconcat: [
      curvePanel({ title: "Loss", points: loss, epochs, better: "lower", format: "~g" }),
      curvePanel({ title: "Accuracy", points: accuracy, epochs, better: "higher", format: "~%" }),
    ],
    spacing: 40,
    resolve: { scale: { color: "shared" }, legend: { color: "shared" } },
  } as ChartSpec);
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
      values: integerTicks(panel.epochs),
      // Not "d", from which Vega-Lite infers a least step that drops every second tick of a short run.
      format: "~r",
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
    ...PANEL,
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

/** 1, and multiples of a round step; about ten at most. */
export function integerTicks(epochs: number): number[] {
  const steps = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000];
  const step = steps.find((size) => epochs / size <= 10) ?? Math.ceil(epochs / 10);
  const ticks = Array.from({ length: Math.floor(epochs / step) }, (_, i) => (i + 1) * step);
  return step === 1 ? ticks : [1, ...ticks];
}

const CELL = 46;

/** From the paper's white to dark blue; steeper at the low end, where the mistakes are. */
const SHARE_COLOURS = {
  domain: [0, 0.2, 0.6, 1],
  range: ["#f3f5f8", "#b5d2ea", "#3f8fc4", "#08468b"],
};

/** What stands in the cells, and what colour tells: shares of the true class, or of the predicted one. */
export type ConfusionView = "counts" | "rows" | "columns";

const VIEWS = {
  counts: { unit: "images", colour: "colour is the share of the true class" },
  rows: { unit: "share of the true class", colour: "in %; rows sum to 100" },
  columns: { unit: "share of the predicted class", colour: "in %; columns sum to 100" },
} as const;

/**
 * True (rows) against predicted (columns) classes. Recall stands at the end of the rows; where columns are shared out,
 * precision stands under them instead.
 */
export async function confusionSvg(
  matrix: readonly (readonly number[])[],
  classNames: readonly string[],
  view: ConfusionView = "counts",
): Promise<string> {
  const names = matrix.map((_, i) => classNames[i] ?? String(i));
  const ofRow = matrix.map(sum);
  const ofColumn = matrix.map((_, j) => sum(matrix.map((counts) => counts[j] ?? 0)));
  const cells = matrix.flatMap((counts, i) =>
    counts.map((count, j) => {
      const total = (view === "columns" ? ofColumn[j] : ofRow[i]) ?? 0;
      const share = total === 0 ? 0 : count / total;
      const text = view === "counts" || count === 0 ? String(count) : cellPercent(share);
      return { true: names[i], predicted: names[j], count, share, text };
    }),
  );
  const totals = view === "columns" ? ofColumn : ofRow;
  const ends = names.map((name, i) => {
    const total = totals[i] ?? 0;
    const share = (matrix[i]?.[i] ?? 0) / total;
    const text = total === 0 ? "none" : `${(100 * share).toFixed(1)}%`;
    return { true: name, predicted: name, text };
  });
  const total = sum(ofRow);
  const hits = sum(matrix.map((counts, i) => counts[i] ?? 0));
  const accuracy = total === 0 ? "no images" : `accuracy ${percent(hits / total)}`;
  const told =
    view === "counts"
      ? `${accuracy}, ${hits.toLocaleString("en")} of ${total.toLocaleString("en")} images; ${VIEWS.counts.colour}`
      : `${VIEWS[view].unit}, ${VIEWS[view].colour}`;
  return await renderChart(confusionSpec({ cells, ends, names, subtitle: told, view }));
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** Short enough for a cell: `93`, `0.4`. */
function cellPercent(share: number): string {
  const value = 100 * share;
  if (value < 0.05) return "<0.1";
  return value < 9.95 ? value.toFixed(1) : value.toFixed(0);
}

interface Confusion {
  readonly cells: readonly object[];
  readonly ends: readonly object[];
  readonly names: readonly string[];
  readonly subtitle: string;
  readonly view: ConfusionView;
}

function confusionSpec({ cells, ends, names, subtitle, view }: Confusion): ChartSpec {
  const bare = { ticks: false, domain: false, labelPadding: 6 };
  const size = CELL * names.length;
  const y = { field: "true", type: "nominal", sort: names, title: "true class", axis: bare };
  const x = {
    field: "predicted",
    type: "nominal",
    sort: names,
    title: "predicted class",
    axis: { ...bare, labelAngle: -40, labelOverlap: false, offset: view === "columns" ? 22 : 0 },
  };
  const share = { field: "share", type: "quantitative", scale: SHARE_COLOURS, legend: null };
  const ink = {
    condition: [
      { test: "datum.share > 0.45", value: "white" },
      { test: "datum.count === 0", value: INK.axis },
    ],
    value: INK.text,
  };
  return {
    width: size,
    height: size,
    title: { text: "Confusion matrix", subtitle, offset: 26 },
    layer: [
      {
        data: { values: cells },
        mark: { type: "rect", stroke: "white", strokeWidth: 2 },
        encoding: { x, y, color: share },
      },
      {
        data: { values: cells },
        mark: { type: "text", fontSize: 12 },
        encoding: { x, y, text: { field: "text" }, color: ink },
      },
      ...(view === "columns" ? precisionLayers(ends, x, size) : recallLayers(ends, y, size)),
    ],
  } as ChartSpec;
}

function recallLayers(ends: readonly object[], y: object, size: number): readonly object[] {
  const x = { value: size + 12 };
  const recall = { type: "text", align: "left", fontSize: 12, color: INK.text };
  const heading = { ...recall, color: INK.muted, baseline: "bottom", text: "recall" };
  return [
    {
      data: { values: ends },
      mark: recall,
      encoding: { x, y, text: { field: "text" } },
    },
    { data: { values: [{}] }, mark: heading, encoding: { x, y: { value: -6 } } },
  ];
}

function precisionLayers(ends: readonly object[], x: object, size: number): readonly object[] {
  const y = { value: size + 14 };
  const precision = { type: "text", fontSize: 12, color: INK.text };
  const heading = { ...precision, color: INK.muted, align: "left", text: "precision" };
  return [
    {
      data: { values: ends },
      mark: precision,
      encoding: { x, y, text: { field: "text" } },
    },
    { data: { values: [{}] }, mark: heading, encoding: { x: { value: size + 6 }, y } },
  ];
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
