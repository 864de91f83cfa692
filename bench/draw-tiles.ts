// Draws docs/tile-*.svg: what an invocation, a workgroup or a subgroup computes of the result in the kernels that
// docs/kernels.md reads, and what it reads for that. Tiles have the proportions that the shaders give them.

import { fileURLToPath } from "node:url";
import { writeAtomically } from "../src/io/files.ts";
import { INK, PALETTE } from "../src/report/charts/render.ts";
import { area, arrow, type Box, label, svg } from "./svg-shapes.ts";

const WIDTH = 640;
const COLOUR = {
  left: PALETTE.blue,
  right: PALETTE.green,
  result: PALETTE.vermillion,
} as const;

/** The three matrices of a product: op(b) above the result, op(a) to its left. */
const A: Box = { x: 40, y: 150, width: 96, height: 128 };
const B: Box = { x: 176, y: 44, width: 192, height: 80 };
const C: Box = { x: 176, y: 150, width: 192, height: 128 };
const NOTES = 392;

const muted = (x: number, y: number, text: string) =>
  label(x, y, text, { size: 11, colour: INK.muted, anchor: "middle" });

function notes(y: number, lines: readonly string[]): readonly string[] {
  return lines.map((text, i) => label(NOTES, y + i * 18, text, { size: 12 }));
}

/** The matrices, with the part of each that `mine` is about. */
function product(
  mine: { readonly a: Box; readonly b: Box; readonly c: Box },
  { dashed = false } = {},
) {
  return [
    area(A, COLOUR.left, { dashed }),
    area(B, COLOUR.right),
    area(C, COLOUR.result),
    area(mine.a, COLOUR.left, { fill: 0.35, dashed }),
    area(mine.b, COLOUR.right, { fill: 0.35 }),
    area(mine.c, COLOUR.result, { fill: 0.3 }),
    muted(
      A.x + A.width / 2,
      A.y + A.height + 18,
      dashed ? "windows of x, never written" : "op(a), m × k",
    ),
    muted(B.x + B.width / 2, B.y - 10, "op(b), k × n"),
    muted(C.x + C.width / 2, C.y + C.height + 18, "c, m × n"),
  ];
}

function drawAdd(): string {
  const [word, y] = [22, 40];
  const rows = ["a", "b", "y"].flatMap((name, row) => {
    const cells = Array.from({ length: 24 }, (_, i) => {
      const box = { x: 60 + i * word, y: y + row * 46, width: word - 3, height: 24 };
      const colour = row === 2 ? COLOUR.result : row === 1 ? COLOUR.right : COLOUR.left;
      return area(box, colour, { fill: i % 8 === 2 ? 0.5 : 0.07 });
    });
    return [label(40, y + 17 + row * 46, name, { size: 12, mono: true }), ...cells];
  });
  return svg(WIDTH, 208, [
    ...rows,
    label(
      60,
      190,
      "a cell: a word of four elements; strong: the words of one invocation, a stride apart",
      {
        size: 12,
      },
    ),
  ]);
}

function drawNaive(): string {
  const c = { x: C.x + 88, y: C.y + 56, width: 8, height: 8 };
  const parts = product({
    a: { ...A, y: c.y, height: 8 },
    b: { ...B, x: c.x, width: 8 },
    c,
  });
  return svg(WIDTH, 310, [
    ...parts,
    ...notes(160, [
      "an invocation: one element of c,",
      "a row of op(a), a column of op(b);",
      "2 loads a multiply-add",
    ]),
  ]);
}

function drawTiled(): string {
  const c = { x: C.x + 64, y: C.y + 64, width: 64, height: 64 };
  const depth = { a: { ...A, x: A.x + 32, width: 16 }, b: { ...B, y: B.y + 32, height: 16 } };
  const parts = product({
    a: { ...depth.a, y: c.y, height: 64 },
    b: { ...depth.b, x: c.x, width: 64 },
    c,
  });
  const own = { x: c.x + 28, y: c.y + 36, width: 4, height: 4 };
  return svg(WIDTH, 310, [
    ...parts,
    area(own, INK.text, { fill: 1 }),
    arrow([NOTES - 8, own.y + 2], [own.x + 4, own.y + 2]),
    ...notes(64, [
      "in workgroup memory: 64 × 16 of op(a)",
      "and 16 × 64 of op(b), the next in flight",
    ]),
    ...notes(176, ["a workgroup: 64 × 64 of c"]),
    ...notes(own.y + 6, ["an invocation: 4 × 4 of it"]),
    ...notes(own.y + 24, ["(256 share what they load)"]),
  ]);
}

/** The register tile, 16 rows by 2 words of 8 lanes, in a result that is read closer: 2 pixels an element across. */
function registerTile(a: { readonly dashed: boolean }) {
  const c = { x: C.x + 32, y: C.y + 48, width: 128, height: 32 };
  const parts = product(
    {
      a: { x: A.x + 40, y: c.y, width: 8, height: 32 },
      b: { x: c.x, y: B.y + 36, width: 128, height: 8 },
      c,
    },
    a,
  );
  const lane = [0, 1].flatMap((word) => {
    const x = c.x + word * 64 + 3 * 8;
    return [
      area({ x, y: c.y, width: 8, height: 32 }, INK.text, { fill: 0.6 }),
      area({ x, y: B.y + 36, width: 8, height: 8 }, INK.text, { fill: 0.6 }),
    ];
  });
  return { c, parts: [...parts, ...lane] };
}

function drawSubgroup(): string {
  const { c, parts } = registerTile({ dashed: false });
  return svg(WIDTH, 310, [
    ...parts,
    ...notes(64, ["a lane loads its own words of op(b),", "and uses each for 16 rows"]),
    ...notes(c.y + 12, [
      "a subgroup of 8: 16 rows × 64 columns",
      "of c; dark: one lane, 2 words a row",
    ]),
    ...notes(c.y + 66, [
      "16 × 4 of op(a), loaded once by all",
      "lanes together, handed round by shuffle",
    ]),
  ]);
}

function drawImplicit(): string {
  const { c, parts } = registerTile({ dashed: true });
  const pixel = 10;
  const image = { x: 40, y: 34, width: 8 * pixel, height: 8 * pixel };
  const window = {
    x: image.x - pixel,
    y: image.y + 2 * pixel,
    width: 3 * pixel,
    height: 3 * pixel,
  };
  const padding = { ...window, width: pixel };
  return svg(WIDTH, 310, [
    ...parts,
    area(image, COLOUR.left),
    area(window, COLOUR.left, { fill: 0.35 }),
    area(padding, INK.muted, { fill: 0.25, dashed: true }),
    arrow([image.x + 44, image.y + image.height], [A.x + 44, c.y]),
    muted(image.x + image.width / 2, image.y - 10, "x, one image"),
    ...notes(64, ["op(b): the weights, as they are stored"]),
    ...notes(c.y + 12, ["a row of c: a pixel of y", "dark: one lane, 2 words a row"]),
    ...notes(c.y + 66, [
      "four channels of a tap, read where they",
      "lie; grey taps are padding: left out",
      "where all 16 rows agree on it",
    ]),
  ]);
}

const PICTURES = {
  add: drawAdd,
  naive: drawNaive,
  tiled: drawTiled,
  subgroup: drawSubgroup,
  implicit: drawImplicit,
};

for (const [name, draw] of Object.entries(PICTURES)) {
  await writeAtomically(
    fileURLToPath(new URL(`../docs/tile-${name}.svg`, import.meta.url)),
    draw(),
  );
}
