// How large a picture may be that is decoded.

import { FormatError } from "../engine/core/errors.ts";

export const MAX_PIXELS = 32 * 1024 * 1024;
/** Of either side: the decoder works line by line, and 33 million lines of one pixel take it minutes and gigabytes. */
const MAX_SIDE = 20_000;

/** Throws FormatError for a picture without pixels, or of more than a person would want decoded. */
export function checkSize(width: number, height: number, name: string): void {
  if (width === 0 || height === 0) {
    throw new FormatError(`${name}: the picture must have pixels, got ${width} x ${height}`);
  }
  if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE) {
    const limit = `${MAX_PIXELS / 2 ** 20} mebipixels, and ${MAX_SIDE} a side`;
    throw new FormatError(`${name}: must be at most ${limit}, got ${width} x ${height}`, {
      help: "scale the picture down first",
    });
  }
}
