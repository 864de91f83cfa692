// Chapter 6: the four arenas of LeNet-5 to scale, and the words of one invocation in them.

import { rootOf } from "../../../src/engine/core/tensor.ts";
import { INK, PALETTE } from "../../../src/report/charts/render.ts";
import { recordStep } from "../../recorded-step.ts";
import { area, label, svg } from "../../svg-shapes.ts";
import { note } from "./grid.ts";

const LEFT = 108;
const WIDTH = 556;
const TOP = 84;
const ROW = 42;
const STRIP = 28;
const ARENAS = [
  { name: "w", of: "weights", colour: PALETTE.blue },
  { name: "dw", of: "gradients", colour: PALETTE.vermillion },
  { name: "m", of: "their mean", colour: PALETTE.green },
  { name: "v", of: "mean square", colour: PALETTE.orange },
] as const;

export function drawArenas(): string {
  const { program, plan } = recordStep();
  const update = plan.dispatches.find(({ kernel }) => kernel.label === "adam/update");
  const { vectors = 1, stride = 1 } = update?.params ?? {};
  const scale = WIDTH / (vectors * 16);
  const parts = program.variables.map(({ name, tensor: { storage } }) => {
    return { name, x: LEFT + rootOf(storage).offset * scale, width: storage.bytes * scale };
  });
  const strips = ARENAS.map(({ name, of, colour }, row) => {
    const y = TOP + row * ROW;
    return [
      label(LEFT - 10, y + 13, name, { size: 13, weight: 600, anchor: "end", mono: true }),
      label(LEFT - 10, y + 28, of, { size: 11, anchor: "end", colour: INK.muted }),
      area({ x: LEFT, y, width: WIDTH, height: STRIP }, colour, { fill: 0.04 }),
      ...parts.map((part) =>
        area({ x: part.x, y, width: part.width, height: STRIP }, colour, { fill: 0.14 }),
      ),
    ].join("\n");
  });
  const bottom = TOP + ARENAS.length * ROW - ROW + STRIP;
  const ticks = Array.from({ length: Math.ceil(vectors / stride) }, (_, turn) => {
    const x = (LEFT + (turn * stride + stride / 10) * 16 * scale).toFixed(1);
    return `<path d="M${x} ${TOP - 4}V${bottom + 4}" stroke="${INK.text}" stroke-width="1.5"/>`;
  });
  const named = parts
    .filter(({ width }) => width > 60)
    .map((part) =>
      label(part.x + part.width / 2, TOP - 12, part.name, { size: 12, anchor: "middle" }),
    );
  const turns = ticks.length;
  return svg(680, bottom + 84, [
    label(20, 30, "LeNet-5's arenas, to scale", { size: 14, weight: 600 }),
    label(
      LEFT,
      52,
      `${vectors.toLocaleString("en")} words of four float32 each; ${parts.length} variables`,
      { size: 12, colour: INK.muted },
    ),
    ...named,
    ...strips,
    ...ticks,
    note(20, bottom + 32, [
      `Black: the ${turns} words of one invocation of ${stride.toLocaleString("en")}, as a software adapter gets them: a stride apart,`,
      "at the same place in each arena. It reads all four, and writes w, m and v.",
      "Hardware gets an invocation for each word.",
    ]),
  ]);
}
