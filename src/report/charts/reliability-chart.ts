// Reliability diagram: each bin's accuracy against its confidence, with the gap to the diagonal, above a histogram of the
// confidences.

import type { Calibration } from "../../train/metrics/calibration.ts";
import { type ChartSpec, INK, PALETTE, renderChart } from "./render.ts";

const SIZE = 360;

export async function reliabilitySvg(calibration: Calibration): Promise<string> {
  const { bins, expectedError, accuracy, meanConfidence } = calibration;
  const filled = bins.flatMap(({ from, to, confidence, accuracy: share }) =>
    confidence === null || share === null ? [] : [{ from, to, ...segmentsOf(share, confidence) }],
  );
  const total = bins.reduce((sum, { rows }) => sum + rows, 0);
  const counts = bins.map(({ from, to, rows }) => ({ from, to, rows, share: rows / total }));
  const subtitle = [
    `expected calibration error ${percent(expectedError)} over ${bins.length} bins of equal width`,
    `mean confidence ${percent(meanConfidence)}, accuracy ${percent(accuracy)}`,
  ];
  return await renderChart({
    title: { text: "Reliability", subtitle },
    vconcat: [diagram(filled), histogram(counts)],
    spacing: 12,
  } as ChartSpec);
}

const [SURER, BETTER] = ["surer than right", "more often right than sure"];

/** What accuracy and confidence share, and what one has above the other. */
function segmentsOf(accuracy: number, confidence: number) {
  const [low, high] = [Math.min(accuracy, confidence), Math.max(accuracy, confidence)];
  return { low, high, accuracy, gap: accuracy < confidence ? SURER : BETTER };
}

const CONFIDENCE = {
  type: "quantitative",
  scale: { domain: [0, 1], nice: false },
  axis: { format: "%", values: [0, 0.2, 0.4, 0.6, 0.8, 1], grid: false },
};

function diagram(values: readonly object[]) {
  const x = { ...CONFIDENCE, field: "from", title: null };
  const edges = { x, x2: { field: "to" } };
  const y = {
    ...CONFIDENCE,
    title: "accuracy",
    axis: { ...CONFIDENCE.axis, grid: true, domain: false, ticks: false },
  };
  const color = {
    field: "gap",
    type: "nominal",
    scale: {
      domain: [SURER, BETTER],
      range: [PALETTE.vermillion, PALETTE.green],
    },
    legend: {
      orient: "top-left",
      symbolType: "square",
      offset: 12,
      fillColor: "white",
      padding: 6,
    },
  };
  const diagonal = [
    { x: 0, y: 0 },
    { x: 1, y: 1 },
  ];
  return {
    width: SIZE,
    height: SIZE,
    layer: [
      {
        data: { values },
        mark: { type: "bar", color: PALETTE.blue, stroke: "white", strokeWidth: 1 },
        encoding: { ...edges, y: { ...y, field: "low" }, y2: { datum: 0 } },
      },
      {
        data: { values },
        mark: { type: "bar", opacity: 0.6, stroke: "white", strokeWidth: 1 },
        encoding: { ...edges, y: { ...y, field: "high" }, y2: { field: "low" }, color },
      },
      {
        data: { values: diagonal },
        mark: { type: "line", strokeDash: [5, 4], strokeWidth: 1.5, color: INK.muted },
        encoding: { x: { ...CONFIDENCE, field: "x", title: null }, y: { ...y, field: "y" } },
      },
    ],
  };
}

function histogram(values: readonly object[]) {
  const x = { ...CONFIDENCE, field: "from", title: "confidence in the predicted class" };
  return {
    width: SIZE,
    height: 80,
    data: { values },
    mark: { type: "bar", color: PALETTE.sky, stroke: "white", strokeWidth: 1 },
    encoding: {
      ...{ x, x2: { field: "to" } },
      y: {
        field: "share",
        type: "quantitative",
        title: "rows",
        axis: { format: "%", tickCount: 3, domain: false, ticks: false },
      },
      y2: { datum: 0 },
    },
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
