// The confusion matrix of a run, for wide pages; the one for narrow ones is narrow-confusion-chart.ts's.

import { type ChartSpec, INK, renderChart } from "./render.ts";
import { SHARE_COLOURS, SHARE_INK } from "./share-colours.ts";

const CELL = 46;

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
  const accuracy = total === 0 ? "no images" : `accuracy ${((100 * hits) / total).toFixed(2)}%`;
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
        encoding: { x, y, text: { field: "text" }, color: SHARE_INK },
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
