// Chapter 1: a window of x, the kernel, and the pixel of y that they make. The numbers are the chapter's.

import { INK, PALETTE } from "../../../src/report/charts/render.ts";
import { arrow, label, svg } from "../../svg-shapes.ts";
import { readChapter } from "../chapter.ts";
import { grid, note, printed } from "./grid.ts";

const CELL = 36;
const TOP = 56;
/** The pixel that is drawn. */
const AT = { oh: 0, ow: 1 };

export function drawPixel(): string {
  const chapter = readChapter("01-one-pixel.md");
  const [x, w, b, z, y] = (["x", "w", "b", "z", "y"] as const).map((name) => chapter.tensor(name));
  const lit = (row: number, column: number) =>
    row >= AT.oh && row < AT.oh + 3 && column >= AT.ow && column < AT.ow + 3;
  const isAt = (row: number, column: number) => row === AT.oh && column === AT.ow;
  const sum = z?.values[AT.oh * 2 + AT.ow] ?? 0;
  const bias = b?.values[0] ?? 0;
  const middle = TOP + 2 * CELL;
  return svg(680, 276, [
    grid({
      x: 24,
      y: TOP,
      cell: CELL,
      columns: 4,
      values: x?.values ?? [],
      colour: PALETTE.blue,
      isLit: lit,
      title: "x, 4 × 4",
    }),
    label(190, middle + 6, "·", { size: 26 }),
    grid({
      x: 216,
      y: TOP + CELL / 2,
      cell: CELL,
      columns: 3,
      values: w?.values ?? [],
      colour: PALETTE.green,
      isLit: () => true,
      title: "w, 3 × 3",
    }),
    arrow([336, middle], [384, middle]),
    label(428, middle - 16, `Σ + ${bias}`, { size: 13, anchor: "middle", mono: true }),
    label(428, middle + 6, `= ${printed(sum)}`, {
      size: 16,
      weight: 600,
      anchor: "middle",
      mono: true,
    }),
    label(428, middle + 28, "9 products", { size: 12, anchor: "middle", colour: INK.muted }),
    arrow([472, middle], [520, middle]),
    label(496, middle - 12, "relu", { size: 12, anchor: "middle", colour: INK.muted }),
    grid({
      x: 540,
      y: TOP + CELL,
      cell: CELL,
      columns: 2,
      values: y?.values ?? [],
      colour: PALETTE.vermillion,
      isLit: isAt,
      title: "y, 2 × 2",
    }),
    note(24, 240, [
      "Lit: what one invocation of the naive kernel touches. It reads 9 elements of x, 9 of w, and b,",
      "and writes one element of y. The other three invocations do the same, a pixel further each.",
    ]),
  ]);
}
