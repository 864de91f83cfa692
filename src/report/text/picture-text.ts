// A small picture as text, two rows of pixels a line: half blocks in colours where the terminal has them, else characters from light
// to dark, one row of every two.

import type { Dataset } from "../../data/dataset.ts";

/** From black to white on a dark terminal. */
const SHADES = " .:-=+*#%@";

export interface PictureTextOptions {
  /** Columns at hand; a picture that is wider gives no text. */
  readonly width: number;
  readonly colour: boolean;
}

type Pixels = Pick<Dataset, "images" | "height" | "width" | "channels">;

/** Empty where the picture does not fit. */
export function pictureText(picture: Pixels, { width, colour }: PictureTextOptions): string[] {
  if (picture.width > width) return [];
  const lines: string[] = [];
  for (let y = 0; y < picture.height; y += 2) {
    const columns = Array.from({ length: picture.width }, (_, x) =>
      colour ? block(picture, x, y) : shade(picture, x, y),
    );
    lines.push(colour ? `${columns.join("")}\u001b[0m` : columns.join("").trimEnd());
  }
  return lines;
}

/** The upper pixel in the colour of the character, the lower one in that behind it. */
function block(picture: Pixels, x: number, y: number): string {
  const upper = rgbAt(picture, x, y).join(";");
  if (y + 1 >= picture.height) return `\u001b[0m\u001b[38;2;${upper}m▀`;
  return `\u001b[38;2;${upper};48;2;${rgbAt(picture, x, y + 1).join(";")}m▀`;
}

/** By the mean of the two pixels' brightness. */
function shade(picture: Pixels, x: number, y: number): string {
  const rows = y + 1 < picture.height ? [y, y + 1] : [y];
  const values = rows.flatMap((row) => rgbAt(picture, x, row));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return SHADES[Math.min(SHADES.length - 1, Math.floor((mean / 256) * SHADES.length))] ?? " ";
}

function rgbAt({ images, width, channels }: Pixels, x: number, y: number): readonly number[] {
  const at = (y * width + x) * channels;
  const red = images[at] ?? 0;
  return channels === 1 ? [red, red, red] : [red, images[at + 1] ?? 0, images[at + 2] ?? 0];
}
