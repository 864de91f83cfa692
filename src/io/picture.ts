// Pictures as pixels, in colour and in grey.

/** A picture as it is in its file. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Row by row; not multiplied by alpha. */
  readonly rgba: Uint8Array;
}

export interface GreyImage {
  readonly width: number;
  readonly height: number;
  /** Row by row, 0 black to 255 white. */
  readonly pixels: Uint8Array;
}

/** ITU-R 601 luma with Pillow's integer weights, so that "L" images agree with those of the Python tools; alpha does not enter. */
export function greyOf({ rgba }: Picture): Uint8Array {
  return lumaOf(rgba, 4);
}

/** The same of pixels of three bytes. */
export function greyOfRgb(rgb: Uint8Array): Uint8Array {
  return lumaOf(rgb, 3);
}

function lumaOf(bytes: Uint8Array, step: 3 | 4): Uint8Array {
  const grey = new Uint8Array(bytes.length / step);
  for (let i = 0; i < grey.length; i++) {
    const at = step * i;
    const [red, green, blue] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0];
    grey[i] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
  }
  return grey;
}
