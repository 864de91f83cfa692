// Chapter 8: leaky ReLU beside relu, and the slope of each. The slope is the chapter's.

import { INK, PALETTE } from "../../../src/report/charts/render.ts";
import { label, svg } from "../../svg-shapes.ts";
import { readChapter } from "../chapter.ts";

/** Pixels a unit. */
const UNIT = 40;
const REACH = 3;

interface Plot {
  /** Where its origin lies. */
  readonly x: number;
  readonly y: number;
  readonly title: string;
}

type Point = readonly [x: number, y: number];

export function drawLeakyRelu(): string {
  const chapter = readChapter("08-exercises.md");
  const slope = (chapter.tensor("y").values[0] ?? 0) / (chapter.tensor("x").values[0] ?? 1);
  const values: Plot = { x: 170, y: 190, title: "y" };
  const slopes: Plot = { x: 500, y: 190, title: "dx / dy" };
  const text = (plot: Plot, [x, y]: Point, words: string, colour: string) =>
    label(plot.x + x * UNIT, plot.y - y * UNIT, words, { size: 13, colour });
  return svg(680, 286, [
    ...axes(values),
    line(
      values,
      [
        [-REACH, 0],
        [0, 0],
        [REACH, REACH],
      ],
      PALETTE.blue,
      true,
    ),
    line(
      values,
      [
        [-REACH, -slope * REACH],
        [0, 0],
        [REACH, REACH],
      ],
      PALETTE.vermillion,
      false,
    ),
    text(values, [-2.9, 0.25], "relu", PALETTE.blue),
    text(values, [-2.9, -1.35], `leaky, slope ${slope}`, PALETTE.vermillion),
    ...axes(slopes),
    line(
      slopes,
      [
        [-REACH, 0],
        [0, 0],
      ],
      PALETTE.blue,
      true,
    ),
    line(
      slopes,
      [
        [-REACH, slope],
        [0, slope],
      ],
      PALETTE.vermillion,
      false,
    ),
    line(
      slopes,
      [
        [0, 1],
        [REACH, 1],
      ],
      PALETTE.vermillion,
      false,
    ),
    text(slopes, [-2.9, -0.4], "relu: 0", PALETTE.blue),
    text(slopes, [-2.9, slope + 0.2], `leaky: ${slope}`, PALETTE.vermillion),
    text(slopes, [0.6, 1.2], "both: 1", INK.text),
  ]);
}

function axes({ x, y, title }: Plot): readonly string[] {
  const reach = REACH * UNIT + 12;
  const style = `stroke="${INK.axis}"`;
  return [
    `<path d="M${x - reach} ${y}H${x + reach}M${x} ${y + 66}V${y - reach - 8}" ${style}/>`,
    label(x + 8, y - reach, title, { size: 13, weight: 600, mono: true }),
    label(x + reach - 8, y + 18, "x", { size: 13, weight: 600, mono: true }),
  ];
}

function line(plot: Plot, points: readonly Point[], colour: string, isDashed: boolean): string {
  const places = points.map(([x, y]) => `${plot.x + x * UNIT} ${plot.y - y * UNIT}`);
  const dash = isDashed ? ' stroke-dasharray="6 5"' : "";
  return `<path d="M${places.join("L")}" stroke="${colour}" stroke-width="2.5"${dash}/>`;
}
