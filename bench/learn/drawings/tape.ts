// Chapter 2: the ops of its example forwards, and below them backwards, with the tensors and gradients between them.

import { INK, PALETTE } from "../../../src/report/charts/render.ts";
import { arrow, type Box, label, panel, svg } from "../../svg-shapes.ts";
import { readChapter } from "../chapter.ts";
import { note, printed } from "./grid.ts";

const UP = 64;
const DOWN = 214;
const SIZE = { width: 96, height: 44 };
const OPS = ["dense, relu", "add", "dense"];
const X = [140, 330, 500];

export function drawTape(): string {
  const chapter = readChapter("02-the-tape.md");
  const row = (name: string) => `${name} = ${chapter.tensor(name).values.map(printed).join(", ")}`;
  const value = (x: number, y: number, name: string) =>
    label(x, y, row(name), { size: 12, anchor: "middle", mono: true });
  const boxes = (y: number, colour: string, suffix: string) =>
    OPS.map((op, i) => {
      const box: Box = { x: X[i] ?? 0, y, ...SIZE };
      const style = { size: 13, weight: 600, anchor: "middle" } as const;
      return [
        panel(box, colour),
        label(box.x + 48, y + 20, op, style),
        label(box.x + 48, y + 36, suffix, { size: 11, anchor: "middle", colour: INK.muted }),
      ].join("\n");
    });
  const [up, down] = [UP + 22, DOWN + 22];
  return svg(680, 366, [
    label(20, 36, "forward", { size: 14, weight: 600, colour: PALETTE.blue }),
    ...boxes(UP, PALETTE.blue, "forward"),
    arrow([96, up], [140, up]),
    arrow([236, up], [330, up]),
    arrow([426, up], [500, up]),
    arrow([596, up], [628, up]),
    value(62, up - 14, "x"),
    value(283, up - 10, "h"),
    value(463, up - 10, "s"),
    value(640, up - 14, "y"),
    // x, to its second reader.
    `<path d="M62 ${up + 4}V${UP + 76}H378V${UP + 50}" stroke="${INK.muted}" marker-end="url(#head)"/>`,
    label(220, UP + 70, "x again, for the addition", {
      size: 12,
      colour: INK.muted,
      anchor: "middle",
    }),
    label(20, DOWN - 38, "backward, last entry first", {
      size: 14,
      weight: 600,
      colour: PALETTE.vermillion,
    }),
    ...boxes(DOWN, PALETTE.vermillion, "backward"),
    arrow([640, down], [598, down]),
    arrow([500, down], [428, down]),
    arrow([330, down], [238, down]),
    arrow([140, down], [98, down]),
    label(640, down - 14, "dy = 1", { size: 12, anchor: "middle", mono: true }),
    value(463, down - 10, "ds"),
    value(283, down - 10, "dh"),
    value(60, down - 14, "dx"),
    `<path d="M378 ${DOWN + 46}V${DOWN + 76}H60V${down + 8}" stroke="${INK.muted}" marker-end="url(#head)"/>`,
    label(220, DOWN + 70, "the addition's part of dx", {
      size: 12,
      colour: INK.muted,
      anchor: "middle",
    }),
    value(188, DOWN - 6, "dw1"),
    value(548, DOWN - 6, "dw2"),
    note(20, 330, [
      "The backward pass visits the same entries from right to left. Where two arrows meet, at dx, their",
      "gradients are added. relu of the first layer has passed only the first of its two units.",
    ]),
  ]);
}
