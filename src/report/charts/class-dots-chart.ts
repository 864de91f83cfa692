// Figures of every class as dots on a line: precision beside recall, or one run beside another.

import { type ChartSpec, INK, renderChart } from "./render.ts";
import { colourOf, legendColumns, shapeOf } from "./series.ts";

export interface ClassDots {
  readonly title: string;
  readonly subtitle: string;
  /** What the axis counts: F1. */
  readonly unit: string;
  readonly classNames: readonly string[];
  readonly series: readonly {
    readonly name: string;
    /** By class; null where there is none. */
    readonly values: readonly (number | null)[];
  }[];
}

/** A line a class, a dot a series, with a rule from the least to the greatest. */
export async function classDotsSvg(dots: ClassDots): Promise<string> {
  const { title, subtitle, unit, classNames } = dots;
  const names = dots.series.map(({ name }) => name);
  const values = dots.series.flatMap(({ name, values: ofClass }) =>
    ofClass.flatMap((value, label) =>
      value === null ? [] : [{ run: name, class: classNames[label] ?? String(label), value }],
    ),
  );
  const y = {
    field: "class",
    type: "nominal",
    sort: [...classNames],
    title: null,
    axis: { ticks: false, domain: false, labelPadding: 8, labelColor: INK.text, grid: false },
  };
  const x = {
    field: "value",
    type: "quantitative",
    title: unit,
    scale: { zero: false, nice: true },
    axis: { format: ".2~f", domain: false, ticks: false },
  };
  const legend = {
    orient: "bottom",
    direction: "horizontal",
    columns: legendColumns(names),
    labelLimit: 360,
  };
  const series = { field: "run", type: "nominal" };
  const color = { ...series, scale: { domain: names, range: names.map(colourOf) }, legend };
  const shape = { ...series, scale: { domain: names, range: names.map(shapeOf) }, legend };
  return await renderChart({
    width: 400,
    height: { step: 27 },
    title: { text: title, subtitle },
    data: { values },
    layer: [
      {
        mark: { type: "rule", color: INK.axis, strokeWidth: 1.5 },
        encoding: {
          y,
          x: { ...x, aggregate: "min" },
          x2: { field: "value", aggregate: "max" },
        },
      },
      {
        mark: { type: "point", filled: true, size: 95, opacity: 0.95 },
        encoding: { x, y, color, shape },
      },
    ],
  } as ChartSpec);
}
