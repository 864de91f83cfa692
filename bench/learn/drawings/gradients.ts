// Chapter 3: one element of dw, x under dy at one tap; and one element of dx, the outputs that it had a part in.

import { PALETTE } from "../../../src/report/charts/render.ts";
import { arrow, label, svg } from "../../svg-shapes.ts";
import { readChapter } from "../chapter.ts";
import { grid, note } from "./grid.ts";

const CELL = 34;

export function drawGradients(): string {
  const chapter = readChapter("03-dx-and-dw.md");
  const values = (name: string) => chapter.tensor(name).values;
  const dot = (x: number, y: number) => label(x, y, "·", { size: 26, anchor: "middle" });
  const at = (r: number, c: number) => (row: number, column: number) => row === r && column === c;
  const all = () => true;
  const dw = 60;
  const dx = 216;
  const step = (y: number) => arrow([300, y], [344, y]);
  return svg(680, 340, [
    grid({
      x: 24,
      y: dw,
      cell: CELL,
      columns: 3,
      values: values("x"),
      colour: PALETTE.blue,
      isLit: (row, column) => row < 2 && column > 0,
      title: "x, under tap (0, 1)",
    }),
    dot(160, dw + 58),
    grid({
      x: 204,
      y: dw + 17,
      cell: CELL,
      columns: 2,
      values: values("dy"),
      colour: PALETTE.purple,
      isLit: all,
      title: "dy",
    }),
    step(dw + 51),
    grid({
      x: 364,
      y: dw + 17,
      cell: CELL,
      columns: 2,
      values: values("dw"),
      colour: PALETTE.green,
      isLit: at(0, 1),
      title: "dw",
    }),
    note(466, dw + 28, [
      "For a weight: what lay under",
      "it at each output, times",
      "that output's gradient.",
    ]),
    grid({
      x: 24,
      y: dx + 17,
      cell: CELL,
      columns: 2,
      values: values("dy"),
      colour: PALETTE.purple,
      isLit: all,
      title: "dy",
    }),
    dot(126, dx + 58),
    grid({
      x: 160,
      y: dx + 17,
      cell: CELL,
      columns: 2,
      values: [...values("w")].reverse(),
      colour: PALETTE.green,
      isLit: all,
      title: "w, turned around",
    }),
    step(dx + 51),
    grid({
      x: 364,
      y: dx,
      cell: CELL,
      columns: 3,
      values: values("dx"),
      colour: PALETTE.blue,
      isLit: at(1, 1),
      title: "dx",
    }),
    note(484, dx + 28, [
      "For the middle pixel: the",
      "gradients of the four outputs",
      "that it had a part in, each",
      "times its weight there.",
    ]),
  ]);
}
