// The pictures of several runs side by side: their curves over each other, and how often they agree.

import type { EpochRow } from "../../runs/history.ts";
import type { Agreement } from "../../train/metrics/agreement.ts";
import { wholeTicks } from "./panels.ts";
import { type ChartSpec, INK, renderChart } from "./render.ts";
import { colourOf, dashOf, legendColumns } from "./series.ts";

export interface NamedHistory {
  readonly name: string;
  readonly history: readonly EpochRow[];
}

export type CurveSet = "validation" | "training";

const KEYS = {
  validation: { loss: "valLoss", accuracy: "valAccuracy" },
  training: { loss: "loss", accuracy: "accuracy" },
} as const;

/** Loss and accuracy of every run and epoch, on held-out or on training rows; each run's best epoch ringed. */
export async function compareCurvesSvg(
  runs: readonly NamedHistory[],
  set: CurveSet,
): Promise<string> {
  const { loss, accuracy } = KEYS[set];
  const names = runs.map(({ name }) => name);
  return await renderChart({
    hconcat: [
      panel({ title: `Loss, ${set}`, points: pointsOf(runs, loss), names, sign: 1, format: "~g" }),
      panel({
        ...{ title: `Accuracy, ${set}`, points: pointsOf(runs, accuracy), names },
        ...{ sign: -1, format: "~%" },
      }),
    ],
    spacing: 40,
    resolve: {
      scale: { color: "shared", strokeDash: "shared" },
      legend: { color: "shared", strokeDash: "shared" },
    },
  } as ChartSpec);
}

interface Point {
  readonly run: string;
  readonly epoch: number;
  readonly value: number;
}

function pointsOf(runs: readonly NamedHistory[], key: keyof EpochRow): Point[] {
  return runs.flatMap(({ name, history }) =>
    history.flatMap((row) => {
      const value = row[key];
      const isDrawn = value !== undefined && Number.isFinite(value);
      return isDrawn ? [{ run: name, epoch: row.epoch + 1, value }] : [];
    }),
  );
}

interface Panel {
  readonly title: string;
  readonly points: readonly Point[];
  readonly names: readonly string[];
  /** 1 where less is better. */
  readonly sign: 1 | -1;
  readonly format: string;
}

function panel({ title, points, names, sign, format }: Panel) {
  const epochs = Math.max(1, ...points.map(({ epoch }) => epoch));
  const best = names.flatMap((name) => {
    const own = points.filter(({ run }) => run === name);
    return own.sort((a, b) => sign * (a.value - b.value) || a.epoch - b.epoch).slice(0, 1);
  });
  const x = {
    field: "epoch",
    type: "quantitative",
    title: "epoch",
    scale: { domain: epochs === 1 ? [0.5, 1.5] : [1, epochs], nice: false },
    axis: { format: "~r", grid: false, labelFlush: false, values: wholeTicks(epochs, 10) },
  };
  const y = {
    field: "value",
    type: "quantitative",
    title: null,
    scale: points.length > 0 ? { zero: false, nice: 6 } : { domain: [0, 1] },
    axis: { format, tickCount: 6, domain: false, ticks: false },
  };
  const legend = {
    ...{
      orient: "bottom",
      direction: "horizontal",
      columns: legendColumns(names),
      symbolType: "stroke",
    },
    ...{ symbolSize: 400, labelLimit: 360, offset: 14 },
  };
  const series = { field: "run", type: "nominal", legend };
  const color = { ...series, scale: { domain: names, range: names.map(colourOf) } };
  const strokeDash = { ...series, scale: { domain: names, range: names.map(dashOf) } };
  const line = {
    type: "line",
    strokeWidth: 2.2,
    point: epochs <= 30 ? { strokeDash: [1, 0] } : false,
  };
  const ring = { type: "point", size: 150, strokeWidth: 2, filled: false, opacity: 1 };
  return {
    ...{ width: 380, height: 260 },
    title: points.length > 0 ? title : { text: title, subtitle: "not recorded" },
    layer: [
      { data: { values: points }, mark: line, encoding: { x, y, color, strokeDash } },
      { data: { values: best }, mark: ring, encoding: { x, y, color } },
    ],
  };
}

export interface MeasuredShare {
  readonly name: string;
  readonly share: number;
  readonly interval: readonly [low: number, high: number];
}

/** Accuracy of every run, a dot within its interval. */
export async function accuracySvg(runs: readonly MeasuredShare[]): Promise<string> {
  const names = runs.map(({ name }) => name);
  const values = runs.map(({ name, share, interval: [low, high] }) => ({
    ...{ name, share, low, high },
    text: `${(100 * share).toFixed(2)}%`,
  }));
  const axis = { ticks: false, domain: false, labelPadding: 8, labelColor: INK.text };
  const y = { field: "name", type: "nominal", sort: names, title: null, axis };
  const x = {
    type: "quantitative",
    title: null,
    scale: { zero: false, nice: true },
    axis: { format: "~%", domain: false, ticks: false, tickCount: 6, labelFlush: false },
  };
  const scale = { domain: names, range: names.map(colourOf) };
  const color = { field: "name", type: "nominal", scale, legend: null };
  return await renderChart({
    ...{ width: 400, height: { step: 30 } },
    title: { text: "Accuracy", subtitle: "with its 95 % interval (Wilson)" },
    data: { values },
    layer: [
      {
        mark: { type: "rule", strokeWidth: 2.5 },
        encoding: { y, color, x: { ...x, field: "low" }, x2: { field: "high" } },
      },
      {
        mark: { type: "point", filled: true, size: 90, opacity: 1 },
        encoding: { y, color, x: { ...x, field: "share" } },
      },
      {
        mark: { type: "text", dy: -11, fontSize: 11, color: INK.text },
        encoding: { y, x: { ...x, field: "share" }, text: { field: "text" } },
      },
    ],
  } as ChartSpec);
}

/** Share of rows on which two runs say the same, and Cohen's kappa below it, for every pair. */
export async function agreementSvg(
  names: readonly string[],
  pairs: readonly (readonly Agreement[])[],
): Promise<string> {
  const cells = pairs.flatMap((line, i) =>
    line.map(({ share, kappa }, j) => ({
      ...{ first: names[i], second: names[j], share },
      text: `${(100 * share).toFixed(1)}%`,
      kappa: i === j ? "" : `κ ${kappa === null ? "none" : kappa.toFixed(3)}`,
    })),
  );
  const least = Math.min(0.99, ...cells.map(({ share }) => share));
  const size = 84 * names.length;
  const axis = { ticks: false, domain: false, labelPadding: 6, labelLimit: 240 };
  const y = { field: "first", type: "nominal", sort: [...names], title: null, axis };
  const x = { ...y, field: "second", axis: { ...axis, labelAngle: -40, labelOverlap: false } };
  const scale = { domain: [least, 1], range: ["#eef2f6", "#5a9fcd"] };
  const color = { field: "share", type: "quantitative", scale, legend: null };
  const text = { type: "text", color: INK.text };
  return await renderChart({
    ...{ width: size, height: size },
    title: {
      text: "Agreement",
      subtitle: ["rows that two runs take for the same class;", "κ is Cohen's kappa"],
    },
    data: { values: cells },
    layer: [
      {
        mark: { type: "rect", stroke: "white", strokeWidth: 2 },
        encoding: { x, y, color },
      },
      {
        mark: { ...text, fontSize: 13, dy: -8 },
        encoding: { x, y, text: { field: "text" } },
      },
      {
        mark: { ...text, fontSize: 11, dy: 10 },
        encoding: { x, y, text: { field: "kappa" } },
      },
    ],
  } as ChartSpec);
}
