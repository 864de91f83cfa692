// Chapter 7: how much of each tensor of its table is not finite, in the order in which the step comes to them.

import { INK, PALETTE } from "../../../src/report/charts/render.ts";
import { area, label, svg } from "../../svg-shapes.ts";
import { numberOf, readChapter } from "../chapter.ts";
import { note } from "./grid.ts";

const LEFT = 150;
const WIDTH = 330;
const TOP = 56;
const ROW = 30;
const BAR = 20;

export function drawNan(): string {
  const rows = readChapter("07-finding-a-nan.md").table("tensor");
  const bars = rows.map(([tensor = "", odd = "", all = ""], index) => {
    const y = TOP + index * ROW;
    const share = numberOf(odd) / numberOf(all);
    return [
      label(LEFT - 12, y + 15, tensor, { size: 13, anchor: "end", mono: true }),
      area({ x: LEFT, y, width: WIDTH, height: BAR }, PALETTE.blue, { fill: 0.08 }),
      area({ x: LEFT, y, width: Math.max(2, share * WIDTH), height: BAR }, PALETTE.vermillion, {
        fill: 0.55,
      }),
      label(LEFT + WIDTH + 12, y + 15, `${odd} of ${all}`, { size: 13 }),
    ].join("\n");
  });
  const bottom = TOP + rows.length * ROW;
  return svg(680, bottom + 56, [
    label(20, 30, "One NaN weight, one training step: what is not finite (filled)", {
      size: 14,
      weight: 600,
    }),
    ...bars,
    label(LEFT - 12, bottom + 16, "time ↓", { size: 12, anchor: "end", colour: INK.muted }),
    note(LEFT, bottom + 16, [
      "From top to bottom in the order of the step: forward pass,",
      "backward pass, update. The padding of the arena stays 0.",
    ]),
  ]);
}
