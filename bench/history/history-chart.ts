// The history of results as a picture: a row for each case, a column for each result, the median in each cell, coloured by how
// it stands beside the case's first. Adapters stand one under another.

import { type ChartSpec, INK, PALETTE, renderChart } from "../../src/report/charts/render.ts";
import { timeOf } from "../sitting/sitting-text.ts";
import type { AdapterHistory } from "./history.ts";

const ROW_HEIGHT = 18;
const [LEAST_COLUMN, MOST_COLUMN] = [104, 200];
/** Of a character, and of a line of labels. */
const [LABEL_WIDTH, LABEL_HEIGHT] = [7, 14];
/** Of the labels' characters; longer names are cut there. */
const NAME_LIMIT = 300;
/** Twice as long, or half as long: beyond, colours stay the same. */
const MOST_CHANGE = 1;

export async function historySvg(histories: readonly AdapterHistory[]): Promise<string> {
  return await renderChart({
    vconcat: histories.map(tableOf),
    spacing: 40,
    resolve: { scale: { x: "independent", y: "independent", color: "shared" } },
  } as ChartSpec);
}

function tableOf({ adapter, isSoftware, results, cases }: AdapterHistory): object {
  const columns = results.map(({ name, day, isNoisy }) => columnOf(name, day, isNoisy));
  const cells = cases.flatMap(({ name, times }, index) =>
    times.map(({ at, ms, ratio }, place) => ({
      // Two cases of one name have other shapes, and rows of their own.
      row: `${index}\n${name}`,
      column: columns[at],
      change: Math.max(-MOST_CHANGE, Math.min(MOST_CHANGE, Math.log2(ratio))),
      text: place === 0 ? timeOf(ms) : `${timeOf(ms)}  ×${ratio.toFixed(2)}`,
    })),
  );
  const lines = columns.map((column) => column.split("\n"));
  const longest = LABEL_WIDTH * Math.max(...lines.flat().map((line) => line.length)) + 12;
  const columnWidth = Math.max(LEAST_COLUMN, Math.min(MOST_COLUMN, longest));
  const most = Math.max(...lines.map(({ length }) => length));
  const plain = { ticks: false, domain: false, title: null, labelColor: INK.text };
  const y = {
    ...{ field: "row", type: "nominal", sort: cases.map(({ name }, index) => `${index}\n${name}`) },
    axis: { ...plain, labelExpr: "split(datum.label, '\\n')[1]", labelLimit: NAME_LIMIT },
  };
  const x = {
    ...{ field: "column", type: "nominal", sort: columns },
    scale: { domain: columns },
    axis: {
      ...{ ...plain, orient: "top", labelAngle: 0, labelOverlap: false },
      // Labels of several lines grow downwards, also above what they label.
      ...{ labelLimit: columnWidth - 8, labelPadding: 6 + LABEL_HEIGHT * (most - 1) },
      labelExpr: "split(datum.label, '\\n')",
    },
  };
  return {
    width: columnWidth * columns.length,
    height: ROW_HEIGHT * cases.length,
    title: {
      text: isSoftware ? "Milliseconds of each case, on software" : "Milliseconds of each case",
      subtitle: [adapter, "of a kernel's variants the fastest; × beside the case's first"],
    },
    data: { values: cells },
    layer: [
      {
        mark: { type: "rect", stroke: "white", strokeWidth: 1.5 },
        encoding: { x, y, color: COLOUR },
      },
      {
        mark: { type: "text", fontSize: 11, color: INK.text },
        encoding: { x, y, text: { field: "text" } },
      },
    ],
  };
}

/** Day above the rest of the file's name. */
function columnOf(name: string, day: string, isNoisy: boolean): string {
  const rest = name.startsWith(day) ? name.slice(day.length).replace(/^-/, "") : name;
  return [day, rest, ...(isNoisy ? ["(noisy)"] : [])].join("\n");
}

const COLOUR = {
  field: "change",
  type: "quantitative",
  scale: {
    domain: [-MOST_CHANGE, 0, MOST_CHANGE],
    range: [PALETTE.sky, "#f1f3f5", PALETTE.vermillion],
    interpolate: "rgb",
  },
  legend: {
    ...{ orient: "top", direction: "horizontal", gradientLength: 220, titleFontSize: 12 },
    title: "time beside the first",
    values: [-1, 0, 1],
    labelExpr: "datum.value < 0 ? '½ or less' : datum.value > 0 ? 'twice or more' : 'the same'",
  },
} as const;
