// What `--stats` measured of a training, as pictures: gradient norm, update ratios, zeros, and how values spread, step by step. Each is
// data shaped into a Vega-Lite specification, narrow enough for a phone.

import type { SavedStatistics, SavedStep } from "../../runs/statistics-file.ts";
import { type ChartSpec, INK, renderChart } from "./render.ts";

type Entry = SavedStep["entries"][number];
type Measured = Entry["measured"];

export interface StatisticsChart {
  /** Name of the picture's file. */
  readonly file: string;
  readonly svg: string;
  /** What a reader who does not see it should know. */
  readonly alt: string;
  readonly caption: string;
}

const PANEL = { width: 420, height: 190 } as const;
/** Layers that a chart tells apart by colour, and those that have a panel each; of deeper networks, evenly spaced ones. */
const MOST_LINES = 6;
const MOST_PANELS = 8;
/** Histograms of a panel; of longer trainings evenly spaced steps, so that the page stays small. */
const MOST_COLUMNS = 24;

export async function statisticsCharts(
  steps: SavedStatistics,
): Promise<readonly StatisticsChart[]> {
  const charts = [
    await normChart(steps),
    await ratioChart(steps),
    await zerosChart(steps),
    await spreadChart(steps, "weights"),
    await spreadChart(steps, "gradients"),
    await spreadChart(steps, "activations"),
  ];
  return charts.filter((chart) => chart !== null);
}

const LOG = { type: "log" } as const;

interface Point {
  readonly step: number;
  readonly name: string;
  readonly value: number;
}

async function normChart(steps: SavedStatistics): Promise<StatisticsChart | null> {
  const points = steps.flatMap(({ step, gradientNorm }) =>
    gradientNorm === null ? [] : [{ step, name: "", value: gradientNorm }],
  );
  if (points.length === 0) return null;
  const svg = await linesSvg("Gradient norm", points, { scale: LOG, format: "~g" });
  const last = points.at(-1)?.value ?? 0;
  return {
    ...{ file: "gradient-norm.svg", svg },
    alt: `Norm of the gradient over training steps; ${last.toPrecision(3)} at the last.`,
    caption:
      "Norm of the gradient of all weights together, before the optimiser: peaks are steps that a rate any higher might not have survived.",
  };
}

async function ratioChart(steps: SavedStatistics): Promise<StatisticsChart | null> {
  const points = steps.flatMap(({ step, updateRatios }) =>
    Object.entries(updateRatios).flatMap(([path, value]) =>
      path.endsWith("/kernel") && value !== null && value > 0
        ? [{ step, name: path.replace(/\/kernel$/, ""), value }]
        : [],
    ),
  );
  if (points.length === 0) return null;
  const lines = someLines(points);
  const options = { scale: LOG, format: "~e", rule: 1e-3 };
  return {
    file: "update-ratios.svg",
    svg: await linesSvg("Update to weight, by kernel", lines, options),
    alt: "How much a step changes each layer's kernel, relative to the kernel, over training steps.",
    caption:
      "Length of a step's update over that of the kernel itself. About 1e-3 (dashed) is usual; far above, training is jumpy; far below, a layer stands still.",
  };
}

async function zerosChart(steps: SavedStatistics): Promise<StatisticsChart | null> {
  const points = steps.flatMap(({ step, entries }) =>
    ofKind(entries, "activations").map(({ name, zeros, elements }) => ({
      ...{ step, name, value: zeros / elements },
    })),
  );
  const withZeros = new Set(points.filter(({ value }) => value > 0.01).map(({ name }) => name));
  const lines = someLines(points.filter(({ name }) => withZeros.has(name)));
  if (lines.length === 0) return null;
  return {
    file: "zeros.svg",
    svg: await linesSvg("Zeros among activations", lines, { format: "~%", domain: [0, 1] }),
    alt: "Share of zeros among each layer's activations over training steps.",
    caption:
      "Share of activations that are exactly zero. ReLUs make some; a layer that nears 100 % has died, and passes no gradient.",
  };
}

const TITLES: Readonly<Partial<Record<Measured, string>>> = {
  weights: "Kernels",
  gradients: "Gradients of kernels",
  activations: "Activations",
};

/** A panel a layer: steps from left to right, values upwards, dark where many are. */
async function spreadChart(
  all: SavedStatistics,
  measured: Measured,
): Promise<StatisticsChart | null> {
  const steps = evenly(all, MOST_COLUMNS);
  const names = steps[0]?.entries
    .filter((entry) => entry.measured === measured && isDrawn(entry))
    .map(({ name }) => name);
  const panels = evenly(names ?? [], MOST_PANELS);
  if (panels.length === 0) return null;
  const width = stepWidth(steps);
  const cells = steps.flatMap(({ step, entries }) =>
    ofKind(entries, measured)
      .filter(({ name }) => panels.includes(name))
      .flatMap((entry) => histogramCells(entry, { step, width })),
  );
  const title = TITLES[measured] ?? measured;
  const svg = await renderChart({
    title,
    data: { values: cells },
    facet: { field: "name", type: "nominal", sort: [...panels], header: HEADER },
    columns: 2,
    spacing: { row: 14, column: 26 },
    resolve: { scale: { y: "independent" } },
    spec: {
      ...{ width: 178, height: 92 },
      mark: { type: "rect", stroke: null },
      encoding: {
        x: {
          ...{ field: "step", type: "quantitative", title: null },
          scale: { nice: false, zero: false },
          axis: { grid: false, tickCount: 3, format: "~s" },
        },
        x2: { field: "stepEnd" },
        y: {
          ...{ field: "low", type: "quantitative", title: null },
          scale: { nice: false, zero: false },
          axis: { tickCount: 4, format: ".3~g", domain: false, ticks: false },
        },
        y2: { field: "high" },
        color: {
          ...{ field: "share", type: "quantitative", legend: null },
          scale: { range: ["#e4eef6", "#0b4f8a"] },
        },
      },
    },
  } as ChartSpec);
  return {
    file: `${measured}.svg`,
    svg,
    alt: `How the ${title.toLowerCase()} of each layer spread over training steps.`,
    caption: `${title}, from step to step: a column is a histogram, the fullest bin darkest.`,
  };
}

const HEADER = { title: null, labelFontSize: 12, labelColor: INK.text, labelAnchor: "start" };

/** Of weights and gradients only kernels: biases are few and small. */
function isDrawn({ measured, name }: Entry): boolean {
  return measured === "activations" || name.endsWith("/kernel");
}

function histogramCells(
  { name, min, max, histogram }: Entry,
  { step, width }: { readonly step: number; readonly width: number },
) {
  if (min === null || max === null || !(max > min)) return [];
  const size = (max - min) / histogram.length;
  const fullest = Math.max(1, ...histogram);
  return histogram.flatMap((count, bin) => {
    if (count === 0) return [];
    const [low, high] = [min + bin * size, min + (bin + 1) * size];
    // The root keeps thin tails in sight.
    return [{ name, step, stepEnd: step + width, low, high, share: Math.sqrt(count / fullest) }];
  });
}

function stepWidth(steps: readonly SavedStep[]): number {
  const [first, second] = steps;
  return first && second ? second.step - first.step : 1;
}

function ofKind(entries: readonly Entry[], measured: Measured): readonly Entry[] {
  return entries.filter((entry) => entry.measured === measured && entry.finite > 0);
}

function someLines(points: readonly Point[]): readonly Point[] {
  const kept = evenly([...new Set(points.map(({ name }) => name))], MOST_LINES);
  return points.filter(({ name }) => kept.includes(name));
}

/** At most so many of a list, the first and the last among them. */
function evenly<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  const at = (i: number) => Math.round((i * (items.length - 1)) / (most - 1));
  return Array.from({ length: most }, (_, i) => items[at(i)]).filter((one) => one !== undefined);
}

interface Lines {
  readonly format: string;
  readonly scale?: { readonly type: "log" };
  readonly domain?: readonly [number, number];
  /** A value to draw across. */
  readonly rule?: number;
}

async function linesSvg(
  title: string,
  points: readonly Point[],
  { format, scale = undefined, domain, rule }: Lines,
): Promise<string> {
  const names = [...new Set(points.map(({ name }) => name))];
  const color = {
    ...{ field: "name", type: "nominal", sort: names },
    legend: names.length > 1 ? { orient: "bottom", columns: 4, symbolType: "stroke" } : null,
  };
  const across = { field: "value", type: "quantitative" };
  return await renderChart({
    ...PANEL,
    title,
    layer: [
      {
        data: { values: points },
        mark: { type: "line", strokeWidth: 1.8, point: points.length <= 20 },
        encoding: {
          x: {
            ...{ field: "step", type: "quantitative", title: "training step" },
            scale: { nice: false, zero: false },
            axis: { grid: false, tickCount: 6, format: "~s" },
          },
          y: {
            ...{ ...across, title: null },
            scale: { ...scale, ...(domain && { domain }), ...(scale ? {} : { zero: false }) },
            axis: { format, tickCount: 5, domain: false, ticks: false },
          },
          color,
        },
      },
      ...(rule === undefined
        ? []
        : [
            {
              data: { values: [{ value: rule }] },
              mark: { type: "rule", strokeDash: [4, 4], color: INK.muted },
              encoding: { y: across },
            },
          ]),
    ],
  } as ChartSpec);
}
