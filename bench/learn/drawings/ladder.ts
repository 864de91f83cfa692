// Chapter 4: GFLOPS of the rungs, as bars. The figures are those of the chapter's two tables, which a test holds to the files
// in bench/results.

import { INK, PALETTE } from "../../../src/report/charts/render.ts";
import { area, label, svg } from "../../svg-shapes.ts";
import { numberOf, readChapter } from "../chapter.ts";

const BAR = 18;
const LEFT = 210;
/** Pixels a GFLOPS. */
const SCALE = 5.2;
const COLOUR: Readonly<Record<string, string>> = {
  naive: PALETTE.vermillion,
  tiled: PALETTE.orange,
  subgroup: PALETTE.blue,
  implicit: PALETTE.green,
};

interface Bar {
  readonly rung: string;
  readonly gflops: string;
}

export function drawLadder(): string {
  const chapter = readChapter("04-the-ladder.md");
  const rungs = chapter.table("rung");
  const maps = chapter.table("map and channels");
  const column = (index: number) =>
    rungs.map(([rung = "", ...figures]): Bar => ({ rung, gflops: figures[index] ?? "" }));
  const groups = [
    { title: "5×5, 6 → 16, 10×10 map", bars: column(1) },
    { title: "3×3, 256 → 256, 8×8 map", bars: column(3) },
    ...maps.map(([title = "", subgroup = "", implicit = ""]) => ({
      title: `3×3, ${title}`,
      bars: [
        { rung: "subgroup", gflops: subgroup },
        { rung: "implicit", gflops: implicit },
      ],
    })),
  ];
  const parts: string[] = [
    label(20, 30, "GFLOPS, forward, batch 50, llvmpipe (software)", { size: 14, weight: 600 }),
  ];
  let y = 50;
  for (const [index, { title, bars }] of groups.entries()) {
    if (index === 2) {
      y += 8;
      parts.push(label(20, y + 8, "another sitting:", { size: 12, colour: INK.muted }));
      y += 20;
    }
    parts.push(label(20, y + (bars.length * BAR) / 2 + 4, title, { size: 13 }));
    for (const { rung, gflops } of bars) {
      parts.push(bar(y, { rung, gflops }));
      y += BAR;
    }
    y += 14;
  }
  return svg(680, y + 6, parts);
}

function bar(y: number, { rung, gflops }: Bar): string {
  const box = { x: LEFT, y, width: numberOf(gflops) * SCALE, height: BAR - 4 };
  return [
    area(box, COLOUR[rung] ?? INK.muted, { fill: 0.45 }),
    label(box.x + Math.max(box.width, 1) + 6, y + 12, `${gflops}  ${rung}`, { size: 12 }),
  ].join("\n");
}
