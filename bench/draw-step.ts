// Draws docs/step.svg: LeNet-5's training step exactly as it is recorded, every dispatch with the tensors it writes. It is
// drawn from the recording's JSON alone: `draw-step.ts` records the step and writes that first, `draw-step.ts FILE.json`
// draws one that is there. Needs no device. Not a chart of timings: those come from `npm run bench`.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Dispatch } from "../src/engine/program/program.ts";
import { type Recording, readRecording } from "../src/engine/program/read-recording.ts";
import { writeRecording } from "../src/engine/program/write-recording.ts";
import { writeAtomically } from "../src/io/files.ts";
import { INK, PALETTE } from "../src/report/charts/render.ts";
import {
  batchOf,
  isOfLoss,
  joinedToLoss,
  type Line,
  linesOf,
  type Row,
  recordStep,
  rowsOf,
} from "./recorded-step.ts";
import { arrow, type Box, label, panel, svg } from "./svg-shapes.ts";

const WIDTH = 1020;
const LINE = 16;
const PAD = 11;
const GAP = 18;
const COLUMNS = {
  forward: { x: 20, width: 296 },
  layer: { x: 316, width: 160 },
  backward: { x: 476, width: 400 },
  arena: { x: 916, width: 84 },
} as const;

const COLOUR = {
  data: PALETTE.orange,
  forward: PALETTE.blue,
  loss: PALETTE.green,
  backward: PALETTE.vermillion,
  update: PALETTE.purple,
} as const;

type Colour = keyof typeof COLOUR;

type Span = Pick<Box, "y" | "height">;

const middle = ({ y, height }: Span) => y + height / 2;
const heightOf = (lines: number) => lines * LINE + 2 * PAD - 2;

const DOWN = COLUMNS.forward.x + COLUMNS.forward.width / 2;
const UP = COLUMNS.backward.x + COLUMNS.backward.width / 2;
const TOP: Span = { y: 78, height: heightOf(2) };

function drawStep(step: Recording): string {
  const firstRow = TOP.y + TOP.height + 46;
  const rows = drawRows(rowsOf(step), firstRow);
  const loss = drawLoss(step, rows.end);
  const { arena } = COLUMNS;
  const arenaBox = { ...arena, y: firstRow, height: loss.arenaEnd - firstRow };
  const bottom = loss.end + 30;
  return svg(WIDTH, bottom + 38, [
    ...header(step),
    ...drawTop(step),
    arrow([DOWN, TOP.y + TOP.height], [DOWN, firstRow]),
    label(DOWN + 12, firstRow - 18, "forward", { size: 13, weight: 600, colour: COLOUR.forward }),
    label(UP, firstRow - 18, "backward", {
      size: 13,
      weight: 600,
      colour: COLOUR.backward,
      anchor: "middle",
    }),
    ...rows.parts,
    ...loss.parts,
    drawArena(arenaBox, step),
    ...footer(bottom),
  ]);
}

/** The loss, and the layers before it whose work it does. */
function drawLoss(step: Recording, y: number) {
  const { forward, backward, arena } = COLUMNS;
  const lines = linesOf(step.plan, isOfLoss);
  const joined = joinedToLoss(step);
  const title = joined ? LINE : 0;
  const [width, height] = [backward.x + backward.width - forward.x, heightOf(lines.length) + title];
  const end = y + height;
  const right = forward.x + width;
  const centre = forward.x + width / 2;
  const own = [
    label(centre, y + 19, `loss, with ${joined}`, { weight: 600, anchor: "middle" }),
    arrow([right, y + height / 2], [arena.x, y + height / 2]),
    label(right + 20, y + height / 2 - 6, "dw db", {
      ...{ colour: INK.muted, size: 11, anchor: "middle" },
    }),
  ];
  const area = { x: forward.x, y, width, height };
  const texts = { ...area, y: y + title, height: height - title };
  const parts = [panel(area, COLOUR.loss), lineTexts(texts, lines), ...(joined ? own : [])];
  return { parts, end, arenaEnd: joined ? end : y - GAP };
}

/** Where a step begins and ends: the batch is gathered, the weights are updated, the clock goes on. */
function drawTop({ plan }: Recording): readonly string[] {
  const { forward, layer, backward, arena } = COLUMNS;
  const isClock = ({ kernel }: Dispatch) => kernel.entry === "advance";
  const gathered = linesOf(plan, (d) => d.pass === "data" && !isClock(d));
  const data = gathered.map((line) => ({ ...line, kernel: line.kernel.replace(/^gather\//, "") }));
  const clock = linesOf(plan, (d) => d.pass === "data" && isClock(d));
  const update = linesOf(plan, ({ pass }) => pass === "update");
  const tick = { ...TOP, x: layer.x + 20, width: layer.width - 40 };
  const y = middle(TOP);
  return [
    box({ ...TOP, ...forward }, "data", data),
    box({ ...TOP, x: backward.x, width: arena.x + arena.width - backward.x }, "update", update),
    ...(clock.length === 0
      ? [arrow([backward.x, y], [layer.x, y])]
      : [
          clockBox(tick, clock),
          arrow([backward.x, y], [tick.x + tick.width, y]),
          arrow([tick.x, y], [layer.x, y]),
        ]),
  ];
}

/** The layers from `top` down; the arrows lead through them, on to whatever begins at `end`. */
function drawRows(rows: readonly Row[], top: number) {
  const parts: string[] = [];
  let y = top;
  for (const row of rows) {
    const lines = Math.max(row.forward.length, row.backward.length, row.variables ? 3 : 2);
    const bottom = y + heightOf(lines);
    parts.push(
      drawRow(row, y, bottom - y),
      arrow([DOWN, bottom], [DOWN, bottom + GAP]),
      arrow([UP, bottom + GAP], [UP, bottom]),
    );
    y = bottom + GAP;
  }
  return { parts, end: y };
}

function drawRow(row: Row, y: number, height: number): string {
  const { forward, layer, backward, arena } = COLUMNS;
  const centre = layer.x + layer.width / 2;
  const line = y + height - 10;
  const passed = row.saved
    ? [
        arrow([layer.x, line], [backward.x, line], { dashed: true }),
        label(centre, line - 4, row.saved, { colour: INK.muted, size: 11, anchor: "middle" }),
      ]
    : [];
  const right = backward.x + backward.width;
  const gradient = row.variables
    ? [
        arrow([right, y + height / 2], [arena.x, y + height / 2]),
        label(right + 20, y + height / 2 - 6, "dw db", {
          colour: INK.muted,
          size: 11,
          anchor: "middle",
        }),
      ]
    : [];
  return [
    box({ ...forward, y, height }, "forward", row.forward),
    box({ ...backward, y, height }, "backward", row.backward),
    label(centre, y + 14, row.layer, { weight: 600, anchor: "middle" }),
    label(centre, y + 30, row.variables, { colour: INK.muted, size: 11, anchor: "middle" }),
    ...passed,
    ...gradient,
  ].join("\n");
}

function drawArena(area: Box, { plan: { dispatches } }: Recording): string {
  const update = dispatches.findLast(({ pass }) => pass === "update");
  const elements = update?.bindings["dw"]?.tensor.shape[0] ?? 0;
  const x = area.x + area.width / 2;
  const y = area.y + area.height / 2;
  const texts = [
    label(x, y - 20, "gradient", { weight: 600, anchor: "middle" }),
    label(x, y - 4, "arena", { weight: 600, anchor: "middle" }),
    label(x, y + 14, `${elements.toLocaleString("en")} f32`, {
      colour: INK.muted,
      size: 11,
      anchor: "middle",
    }),
  ];
  return [panel(area, COLOUR.update), ...texts, arrow([x, area.y], [x, TOP.y + TOP.height])].join(
    "\n",
  );
}

function header({ program, plan: { dispatches } }: Recording): string[] {
  const recorded = program.dispatches.length;
  const { subgroupSize, isSoftware } = program.capabilities;
  const flops = dispatches.reduce((sum, dispatch) => sum + dispatch.flops, 0);
  const facts =
    `batch ${batchOf(program)}, recorded for a ${isSoftware ? "software" : "hardware"} adapter with subgroups of ${subgroupSize}: ` +
    `${dispatches.length} of ${recorded} dispatches run, ${Math.round(flops / 1e6)} million operations`;
  return [
    label(20, 34, "One training step of LeNet-5", { size: 15, weight: 600 }),
    label(20, 54, facts, { colour: INK.muted, size: 12 }),
  ];
}

function footer(y: number): string[] {
  const lines = [
    "Each line is one dispatch: the kernel, and what it writes. Dashed: what the backward pass reads of the forward pass.",
    "Data set, weights and moments stay on the device: nothing crosses to the host in a step. The progress line reads lossSum and counts.",
  ];
  return lines.map((text, i) => label(20, y + i * 18, text, { colour: INK.muted, size: 12 }));
}

function clockBox(area: Box, lines: readonly Line[]): string {
  const x = area.x + area.width / 2;
  const [line] = lines;
  return [
    panel(area, COLOUR.data),
    label(x, area.y + 21, line?.kernel ?? "", { size: 11, anchor: "middle", mono: true }),
    label(x, area.y + 37, line?.writes ?? "", { size: 11, anchor: "middle", colour: INK.muted }),
  ].join("\n");
}

function box(area: Box, colour: Colour, lines: readonly Line[]): string {
  return [panel(area, COLOUR[colour]), lineTexts(area, lines)].join("\n");
}

function lineTexts(area: Box, lines: readonly Line[]): string {
  const right = area.x + area.width - 10;
  const first = middle(area) + 4 - ((lines.length - 1) * LINE) / 2;
  const texts = lines.flatMap(({ kernel, writes }, i) => {
    const y = first + i * LINE;
    return [
      label(area.x + 12, y, kernel, { size: 11, mono: true }),
      label(right, y, writes, { size: 11, colour: INK.muted, anchor: "end" }),
    ];
  });
  return texts.join("\n");
}

const docs = (name: string) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
const [given] = process.argv.slice(2);
if (given === undefined) {
  const { program, plan } = recordStep();
  const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
  const json = writeRecording(program, plan, { root });
  await writeAtomically(docs("step.json"), `${JSON.stringify(json)}\n`);
}
const file = given ?? docs("step.json");
const recording = readRecording(JSON.parse(await readFile(file, "utf8")), file);
await writeAtomically(docs("step.svg"), drawStep(recording));
