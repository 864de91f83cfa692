// A picture file decoded by the browser, once its header was looked at as ours are.

import { FormatError, messageOf } from "../../engine/core/errors.ts";
import { uprightSize } from "../../io/exif-orientation.ts";
import type { Picture } from "../../io/picture.ts";
import { pictureHeader } from "../../io/picture-header.ts";

const MOST_BYTES = 64 * 2 ** 20;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** As it is held upright. Throws FormatError, naming the file, for what is no sound picture of a sensible size. */
export async function pictureSize(file: Blob, name: string): Promise<Size> {
  if (file.size > MOST_BYTES) {
    throw new FormatError(`${name}: must be at most 64 MiB, got ${file.size} bytes`);
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  return uprightSize(bytes, pictureHeader(bytes, name));
}

/** Throws FormatError, naming the file, for damage. */
export async function decodeInBrowser(file: Blob, name: string): Promise<Picture> {
  await pictureSize(file, name);
  const options: ImageBitmapOptions = {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
    imageOrientation: "from-image",
  };
  const bitmap = await createImageBitmap(file, options).catch((cause: unknown) => {
    throw new FormatError(`${name}: must be a sound picture, got ${messageOf(cause)}`, { cause });
  });
  try {
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d", {
      willReadFrequently: true,
    });
    if (!context) throw new FormatError(`${name}: cannot be drawn, got no canvas`);
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, rgba: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  } finally {
    bitmap.close();
  }
}
