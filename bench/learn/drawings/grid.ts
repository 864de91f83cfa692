// Small matrices with their numbers in cells, for the drawings of docs/learn.

import { INK } from "../../../src/report/charts/render.ts";
import { area, label } from "../../svg-shapes.ts";

export interface Grid {
  readonly x: number;
  readonly y: number;
  readonly cell: number;
  readonly columns: number;
  readonly values: readonly (number | string)[];
  readonly colour: string;
  /** Whether a cell is filled strongly. */
  readonly isLit?: (row: number, column: number) => boolean;
  /** Above the matrix. */
  readonly title?: string;
}

export function grid({ x, y, cell, columns, values, colour, isLit, title }: Grid): string {
  const cells = values.map((value, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    const box = { x: x + column * cell, y: y + row * cell, width: cell, height: cell };
    const lit = isLit?.(row, column) ?? false;
    const text = typeof value === "number" ? printed(value) : value;
    const style = { size: 13, anchor: "middle", weight: lit ? 600 : 400, mono: true } as const;
    return [
      area(box, colour, { fill: lit ? 0.3 : 0.06 }),
      label(box.x + cell / 2, box.y + cell / 2 + 5, text, style),
    ].join("\n");
  });
  const head = title === undefined ? [] : [label(x, y - 10, title, { size: 13, weight: 600 })];
  return [...head, ...cells].join("\n");
}

/** With a true minus. */
export function printed(value: number): string {
  return String(value).replace("-", "−");
}

export function note(x: number, y: number, lines: readonly string[]): string {
  return lines
    .map((text, i) => label(x, y + i * 18, text, { size: 13, colour: INK.text }))
    .join("\n");
}

export function muted(x: number, y: number, text: string): string {
  return label(x, y, text, { size: 12, colour: INK.muted, anchor: "middle" });
}
