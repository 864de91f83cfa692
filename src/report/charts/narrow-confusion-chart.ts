// A confusion matrix for a narrow page: columns have letters, which the names of the rows explain, and cells are as small as
// their counts allow. The one for wide pages is in confusion-chart.ts.

import { type ChartSpec, renderChart } from "./render.ts";
import { SHARE_COLOURS, SHARE_INK } from "./share-colours.ts";

const WIDTH = 236;
const ROW = 25;

export async function narrowConfusionSvg(
  matrix: readonly (readonly number[])[],
  classNames: readonly string[],
): Promise<string> {
  const letters = matrix.map((_, i) => letterOf(i));
  const names = matrix.map((_, i) => `${classNames[i] ?? i} ${letterOf(i)}`);
  const total = matrix.flat().reduce((a, b) => a + b, 0);
  const hits = matrix.reduce((sum, counts, i) => sum + (counts[i] ?? 0), 0);
  const cells = matrix.flatMap((counts, i) => {
    const row = counts.reduce((a, b) => a + b, 0);
    return counts.map((count, j) => {
      const share = row === 0 ? 0 : count / row;
      return { true: names[i], predicted: letters[j], count, share };
    });
  });
  const bare = { ticks: false, domain: false, labelPadding: 5, labelFontSize: 11 };
  const x = {
    ...{ field: "predicted", type: "nominal", sort: letters, title: "predicted class" },
    axis: { ...bare, labelAngle: 0, labelOverlap: false, orient: "top" },
  };
  const y = { field: "true", type: "nominal", sort: names, title: null, axis: bare };
  const share = { field: "share", type: "quantitative", scale: SHARE_COLOURS, legend: null };
  const accuracy = total === 0 ? "no images" : `accuracy ${((100 * hits) / total).toFixed(2)}%`;
  return await renderChart({
    width: WIDTH,
    height: ROW * names.length,
    title: {
      text: "Confusion matrix",
      subtitle: [accuracy, "rows: true class; colour is the share of it"],
    },
    data: { values: cells },
    layer: [
      { mark: { type: "rect", stroke: "white", strokeWidth: 1 }, encoding: { x, y, color: share } },
      {
        mark: { type: "text", fontSize: 9.5 },
        encoding: { x, y, text: { field: "count" }, color: SHARE_INK },
      },
    ],
  } as ChartSpec);
}

function letterOf(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : String(index + 1);
}
