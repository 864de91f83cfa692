// The picture of a cross-validation: accuracy and loss of every fold, with the mean of each kind of score as a line. The
// look is render.ts's.

import { type FoldResult, spread } from "../../train/cross-validation.ts";
import type { Score } from "../../train/score.ts";
import { evenTicks, panels } from "./panels.ts";
import { type ChartSpec, INK, type Layout, PALETTE, renderChart } from "./render.ts";

const KINDS = [
  { key: "heldOut", name: "held-out rows", colour: PALETTE.blue, shape: "circle" },
  { key: "test", name: "test set", colour: PALETTE.vermillion, shape: "square" },
  {
    key: "leaked",
    name: "all training rows (leaked)",
    colour: PALETTE.purple,
    shape: "triangle-up",
  },
] as const;

interface Point {
  readonly fold: number;
  readonly kind: string;
  readonly value: number;
}

/** Two panels, a mark for each fold and score; kinds that were not scored are left out. */
export async function foldsSvg(
  folds: readonly FoldResult[],
  layout: Layout = "wide",
): Promise<string> {
  const points = (read: (score: Score) => number): Point[] =>
    folds.flatMap((fold) =>
      KINDS.flatMap(({ key, name }) => {
        const score = fold[key];
        return score ? [{ fold: fold.fold + 1, kind: name, value: read(score) }] : [];
      }),
    );
  const charts = [
    panel(
      "Accuracy",
      points((score) => score.accuracy),
      layout,
    ),
    panel(
      "Loss",
      points((score) => score.loss),
      layout,
    ),
  ];
  return await renderChart({
    ...panels(charts, layout),
    resolve: { scale: { color: "shared", shape: "shared" } },
  } as ChartSpec);
}

const SIZES = {
  wide: { width: 380, height: 260 },
  narrow: { width: 262, height: 190 },
} as const;

function panel(title: "Accuracy" | "Loss", points: readonly Point[], layout: Layout) {
  const kinds = KINDS.filter(({ name }) => points.some((point) => point.kind === name));
  const names = kinds.map(({ name }) => name);
  const means = kinds.map(({ name }) => {
    const { mean, deviation } = spread(
      points.filter((point) => point.kind === name).map((point) => point.value),
    );
    return { kind: name, mean, text: spreadText(title, mean, deviation) };
  });
  const subtitle = means.map(({ kind, text }) => `${kind}: ${text}`);
  const x = {
    field: "fold",
    type: "ordinal",
    title: "fold",
    scale: { type: "band", paddingInner: 0.5, paddingOuter: 0.25 },
    axis: { labelAngle: 0, grid: false, ticks: false },
  };
  const ticks = evenTicks(
    points.map(({ value }) => value),
    title === "Accuracy" ? "share" : "number",
  );
  const y = {
    field: "value",
    type: "quantitative",
    title: null,
    scale: { domain: ticks.domain, nice: false },
    axis: { values: ticks.values, format: ticks.format, domain: false, ticks: false },
  };
  const color = {
    field: "kind",
    type: "nominal",
    scale: { domain: names, range: kinds.map(({ colour }) => colour) },
    legend: {
      orient: "bottom",
      direction: layout === "wide" ? "horizontal" : "vertical",
      offset: 12,
      symbolStrokeWidth: 0,
    },
  };
  const shape = {
    field: "kind",
    type: "nominal",
    scale: { domain: names, range: kinds.map((kind) => kind.shape) },
    legend: color.legend,
  };
  return {
    ...SIZES[layout],
    title: { text: `${title} by fold`, subtitle, subtitleColor: INK.muted },
    layer: [
      {
        data: { values: means },
        mark: { type: "rule", strokeDash: [5, 4], strokeWidth: 1.4 },
        encoding: { y: { ...y, field: "mean" }, color },
      },
      {
        data: { values: points },
        mark: { type: "point", filled: true, size: 90, opacity: 1 },
        encoding: { x, xOffset: { field: "kind", sort: names }, y, color, shape },
      },
    ],
  };
}

function spreadText(title: string, mean: number, deviation: number): string {
  return title === "Accuracy"
    ? `${(100 * mean).toFixed(2)}% ± ${(100 * deviation).toFixed(2)}`
    : `${mean.toFixed(4)} ± ${deviation.toFixed(4)}`;
}
