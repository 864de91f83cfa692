// The learning curves of a cross-validation: loss and accuracy of every fold, epoch by epoch, on the rows that it held out and,
// fainter, on those that it was trained on. The look is render.ts's.

import type { FoldResult } from "../../train/cross-validation.ts";
import { evenTicks, panels, wholeTicks } from "./panels.ts";
import { type ChartSpec, type Layout, PALETTE, renderChart } from "./render.ts";

const SIZES = {
  wide: { width: 380, height: 260 },
  narrow: { width: 262, height: 190 },
} as const;

const KINDS = [
  { title: "Loss", trained: "loss", heldOut: "val_loss" },
  { title: "Accuracy", trained: "accuracy", heldOut: "val_accuracy" },
] as const;

interface Point {
  readonly fold: string;
  readonly epoch: number;
  readonly value: number;
}

export async function foldCurvesSvg(
  folds: readonly FoldResult[],
  layout: Layout = "wide",
): Promise<string> {
  const charts = KINDS.map((kind) => panel(folds, kind, layout));
  return await renderChart({
    ...panels(charts, layout),
    resolve: { scale: { color: "shared" }, legend: { color: "shared" } },
  } as unknown as ChartSpec);
}

function panel(folds: readonly FoldResult[], kind: (typeof KINDS)[number], layout: Layout) {
  const heldOut = pointsOf(folds, kind.heldOut);
  const trained = pointsOf(folds, kind.trained);
  const kept = folds.flatMap(({ fold, bestEpoch }) =>
    heldOut.filter((point) => point.fold === nameOf(fold) && point.epoch === bestEpoch),
  );
  const epochs = Math.max(1, ...folds.map(({ history }) => history.length));
  const names = folds.map(({ fold }) => nameOf(fold));
  const x = {
    ...{ field: "epoch", type: "quantitative", title: "epoch" },
    scale: { domain: epochs === 1 ? [0.5, 1.5] : [1, epochs], nice: false },
    axis: {
      values: wholeTicks(epochs, layout === "wide" ? 10 : 7),
      ...{ labelExpr: "datum.value", grid: false, labelFlush: false, labelOverlap: false },
    },
  };
  const isShare = kind.title === "Accuracy";
  const ticks = evenTicks(
    [...heldOut, ...trained].map(({ value }) => value),
    isShare ? "share" : "number",
  );
  const y = {
    ...{ field: "value", type: "quantitative", title: null },
    scale: { domain: ticks.domain, nice: false },
    axis: { values: ticks.values, format: ticks.format, domain: false, ticks: false },
  };
  const color = {
    ...{ field: "fold", type: "nominal" },
    scale: { domain: names, range: names.map((_, i) => COLOURS[i % COLOURS.length]) },
    legend: {
      ...{ orient: "bottom", direction: "horizontal", symbolType: "stroke", offset: 14 },
      ...{ symbolOpacity: 1, symbolDash: [1, 0] },
      columns: layout === "wide" ? 10 : 4,
    },
  };
  const encoding = { x, y, color };
  return {
    ...SIZES[layout],
    title: { text: `${kind.title} of every fold`, subtitle: SUBTITLE },
    layer: [
      {
        data: { values: trained },
        mark: { type: "line", strokeWidth: 1.2, strokeDash: [4, 3], opacity: 0.55 },
        encoding,
      },
      {
        data: { values: heldOut },
        mark: { type: "line", strokeWidth: 2.1, point: epochs === 1 },
        encoding,
      },
      {
        data: { values: kept },
        mark: { type: "point", size: 90, strokeWidth: 2, filled: false, opacity: 1 },
        encoding,
      },
    ],
  };
}

const SUBTITLE = [
  "lines: held-out rows; dashed: rows trained on",
  "a ring is the epoch that was kept",
];

const COLOURS = Object.values(PALETTE);

function nameOf(fold: number): string {
  return `fold ${fold + 1}`;
}

function pointsOf(folds: readonly FoldResult[], figure: string): Point[] {
  return folds.flatMap(({ fold, history }) =>
    history.flatMap((logs, i) => {
      const value = logs[figure];
      const isDrawn = value !== undefined && Number.isFinite(value);
      return isDrawn ? [{ fold: nameOf(fold), epoch: i + 1, value }] : [];
    }),
  );
}
