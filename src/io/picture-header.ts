// What a picture file says of itself before anything is decoded: format, size, and whether it is of a kind that is refused. So
// that no memory is given to a file that only claims to be large, and a wrong one is called what it is.

import { FormatError } from "../engine/core/errors.ts";
import { latin1Of } from "../format/latin1.ts";
import { checkSize } from "./picture-size.ts";

export type PictureFormat = "PNG" | "JPEG" | "WebP";

export interface PictureHeader {
  readonly format: PictureFormat;
  readonly width: number;
  readonly height: number;
}

type Found = PictureHeader & {
  /** Bits of a channel. */
  readonly bits: number;
  readonly isAnimated: boolean;
  readonly isCmyk: boolean;
};

/** By the first bytes; null for anything else. */
export function pictureFormat(bytes: Uint8Array): PictureFormat | null {
  const start = latin1Of(bytes, 0, 16);
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return "PNG";
  if (start.startsWith("\xff\xd8\xff")) return "JPEG";
  return start.startsWith("RIFF") && start.slice(8, 12) === "WEBP" ? "WebP" : null;
}

/**
 * Throws FormatError naming the file: of no such format, cut short, animated, of 16 bits, of CMYK, of a size that makes no sense.
 * A picture whose header is sound may still be damaged further on.
 */
export function pictureHeader(bytes: Uint8Array, name: string): PictureHeader {
  const format = pictureFormat(bytes);
  if (format === null) {
    throw new FormatError(`${name}: must be a PNG, JPEG or WebP picture, got ${guess(bytes)}`);
  }
  const found = READERS[format](bytes);
  if (!found) {
    throw new FormatError(`${name}: the ${format} must be whole, got a truncated or damaged file`);
  }
  const { width, height } = found;
  checkSize(width, height, name);
  const kind = found.isAnimated
    ? "an animated one"
    : found.isCmyk
      ? "one of CMYK, for print"
      : found.bits > 8
        ? `one of ${found.bits} bits a channel`
        : null;
  if (kind === null) return { format, width, height };
  throw new FormatError(`${name}: must be a still picture of 8 bits, grey or RGB, got ${kind}`, {
    help: "convert it first",
  });
}

function guess(bytes: Uint8Array): string {
  if (bytes.length === 0) return "an empty file";
  const start = latin1Of(bytes, 0, 12);
  if (start.startsWith("GIF8")) return "a GIF";
  return start.startsWith("BM") ? "a BMP" : "something else";
}

const READERS: Readonly<Record<PictureFormat, (bytes: Uint8Array) => Found | null>> = {
  PNG: pngHeader,
  JPEG: jpegHeader,
  WebP: webpHeader,
};

function pngHeader(bytes: Uint8Array): Found | null {
  const view = viewOf(bytes);
  if (bytes.length < 33 || latin1Of(bytes, 12, 16) !== "IHDR") return null;
  const size = { width: view.getUint32(16), height: view.getUint32(20), bits: view.getUint8(24) };
  let isAnimated = false;
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const type = latin1Of(bytes, at + 4, at + 8);
    if (type === "acTL") isAnimated = true;
    if (type === "IDAT") break;
  }
  return { format: "PNG", ...size, isAnimated, isCmyk: false };
}

/** Walks from marker to marker up to the start of a frame. */
function jpegHeader(bytes: Uint8Array): Found | null {
  const view = viewOf(bytes);
  let at = 2;
  while (at + 9 < bytes.length) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1] ?? 0;
    // Padding, and markers without a length.
    if (marker === 0xff || (marker >= 0xd0 && marker <= 0xd7) || marker === 0x01) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      const [bits, height, width] = [bytes[at + 4], view.getUint16(at + 5), view.getUint16(at + 7)];
      const isCmyk = bytes[at + 9] === 4;
      return { format: "JPEG", width, height, bits: bits ?? 0, isAnimated: false, isCmyk };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

const ANIMATION = 0x02;

function webpHeader(bytes: Uint8Array): Found | null {
  if (bytes.length < 30) return null;
  const view = viewOf(bytes);
  const rest = { format: "WebP", bits: 8, isCmyk: false } as const;
  const uint24 = (at: number): number => view.getUint32(at, true) & 0xffffff;
  switch (latin1Of(bytes, 12, 16)) {
    case "VP8 ": {
      const [width, height] = [view.getUint16(26, true), view.getUint16(28, true)];
      return { ...rest, width: width & 0x3fff, height: height & 0x3fff, isAnimated: false };
    }
    case "VP8L": {
      const packed = view.getUint32(21, true);
      const [width, height] = [(packed & 0x3fff) + 1, ((packed >>> 14) & 0x3fff) + 1];
      return { ...rest, width, height, isAnimated: false };
    }
    case "VP8X": {
      const isAnimated = (view.getUint8(20) & ANIMATION) !== 0;
      return {
        ...rest,
        width: uint24(24) + 1,
        height: (view.getUint32(26, true) >>> 8) + 1,
        isAnimated,
      };
    }
    default:
      return null;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
