// The few SVG shapes that draw-step.ts and draw-tiles.ts draw with: boxes, arrows, text, in the look of the charts.

import { INK } from "../src/report/charts/render.ts";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function panel({ x, y, width, height }: Box, colour: string): string {
  const place = `x="${x}" y="${y}" width="${width}" height="${height}" rx="5"`;
  return `<rect ${place} fill="${colour}" fill-opacity="0.07" stroke="${colour}" stroke-width="1.3"/>`;
}

/** A part of a matrix: filled as strongly as told, its edge dashed where it is nowhere in memory. */
export function area(
  { x, y, width, height }: Box,
  colour: string,
  { fill = 0.07, dashed = false } = {},
): string {
  const place = `x="${x}" y="${y}" width="${width}" height="${height}"`;
  const dash = dashed ? ' stroke-dasharray="4 3"' : "";
  return `<rect ${place} fill="${colour}" fill-opacity="${fill}" stroke="${colour}"${dash}/>`;
}

type Point = readonly [x: number, y: number];

export function arrow(from: Point, to: Point, { dashed = false } = {}): string {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy);
  // Ends short of the box, for the arrow's head to touch it.
  const end = [to[0] - (4 * dx) / length, to[1] - (4 * dy) / length];
  const dash = dashed ? ' stroke-dasharray="3 3"' : "";
  return `<path d="M${from.join(" ")}L${end.join(" ")}" stroke="${INK.muted}"${dash} marker-end="url(#head)"/>`;
}

interface TextStyle {
  readonly size?: number;
  readonly weight?: number;
  readonly colour?: string;
  readonly anchor?: "start" | "middle" | "end";
  readonly mono?: boolean;
}

export function label(x: number, y: number, text: string, style: TextStyle = {}): string {
  const { size = 12, weight = 400, colour = INK.text, anchor = "start", mono = false } = style;
  const face = mono ? ' class="mono"' : "";
  const look = `font-size="${size}" font-weight="${weight}" fill="${colour}" text-anchor="${anchor}"`;
  return `<text x="${x}" y="${y}" ${look}${face}>${text}</text>`;
}

export function svg(width: number, height: number, parts: readonly string[]): string {
  const sans = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
  const mono = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="100%" style="max-width:${width}px;height:auto" fill="none" font-family="${sans}">`,
    `<style>.mono { font-family: ${mono} }</style>`,
    `<defs><marker id="head" viewBox="0 0 8 8" refX="4" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0.5L8 4L0 7.5Z" fill="${INK.muted}"/></marker></defs>`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}
