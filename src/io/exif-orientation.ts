// How a picture is to be held, as its camera wrote it down: EXIF's tag 0x0112, in a JPEG's APP1, a PNG's eXIf and a WebP's EXIF. After
// "Exif 2.32" and the containers' own specifications; what is damaged counts as upright, as viewers take it.

import { latin1Of } from "../format/latin1.ts";
import type { Picture } from "./picture.ts";
import type { PictureHeader } from "./picture-header.ts";

const TAG = 0x0112;
const SHORT = 3;
const ENTRY_BYTES = 12;

/** 1: as it lies in the file; 2 to 8 as EXIF counts the others. */
export function orientationOf(bytes: Uint8Array, { format }: PictureHeader): number {
  const tiff = BLOCKS[format](bytes);
  const found = tiff && tagIn(tiff);
  return found && found >= 1 && found <= 8 ? found : 1;
}

/** What a person sees: on its side, a picture is as high as it is wide in the file. */
export function uprightSize(bytes: Uint8Array, header: PictureHeader) {
  const { width, height } = header;
  const isOnItsSide = orientationOf(bytes, header) > 4;
  return isOnItsSide ? { width: height, height: width } : { width, height };
}

/** The pixels as they are to be seen. */
export function upright(picture: Picture, orientation: number): Picture {
  if (orientation === 1) return picture;
  const { width, height } = picture;
  const from = new Uint32Array(Uint8Array.from(picture.rgba).buffer);
  const to = new Uint32Array(from.length);
  const isOnItsSide = orientation > 4;
  const [across, down] = isOnItsSide ? [height, width] : [width, height];
  // Which of the file's sides is read backwards: by columns, by rows.
  const mirrorsColumns = [2, 3, 7, 8].includes(orientation);
  const mirrorsRows = [3, 4, 6, 7].includes(orientation);
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      const [column, row] = isOnItsSide ? [y, x] : [x, y];
      const readColumn = mirrorsColumns ? width - 1 - column : column;
      const readRow = mirrorsRows ? height - 1 - row : row;
      to[y * across + x] = from[readRow * width + readColumn] ?? 0;
    }
  }
  return { width: across, height: down, rgba: new Uint8Array(to.buffer) };
}

const BLOCKS: Readonly<Record<PictureHeader["format"], (bytes: Uint8Array) => Uint8Array | null>> =
  { JPEG: ofJpeg, PNG: ofPng, WebP: ofWebp };

function ofJpeg(bytes: Uint8Array): Uint8Array | null {
  const view = viewOf(bytes);
  for (let at = 2; at + 4 <= bytes.length; ) {
    const marker = view.getUint16(at);
    if (marker === 0xffff) {
      at += 1;
      continue;
    }
    // The pixels begin, or what is no marker.
    if (marker === 0xffda || marker < 0xff01) return null;
    const end = at + 2 + view.getUint16(at + 2);
    if (marker === 0xffe1 && latin1Of(bytes, at + 4, at + 10) === "Exif\0\0") {
      return bytes.subarray(at + 10, end);
    }
    at = end;
  }
  return null;
}

function ofPng(bytes: Uint8Array): Uint8Array | null {
  const view = viewOf(bytes);
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (latin1Of(bytes, at + 4, at + 8) !== "eXIf") continue;
    return bytes.subarray(at + 8, at + 8 + view.getUint32(at));
  }
  return null;
}

function ofWebp(bytes: Uint8Array): Uint8Array | null {
  const view = viewOf(bytes);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    if (latin1Of(bytes, at, at + 4) === "EXIF") {
      const block = bytes.subarray(at + 8, at + 8 + length);
      return latin1Of(block, 0, 6) === "Exif\0\0" ? block.subarray(6) : block;
    }
    at += 8 + length + (length % 2);
  }
  return null;
}

/** The tag's value in the first directory of a TIFF; null where there is none. */
function tagIn(tiff: Uint8Array): number | null {
  if (tiff.length < 10) return null;
  const view = viewOf(tiff);
  const order = latin1Of(tiff, 0, 2);
  if (order !== "II" && order !== "MM") return null;
  const isLittle = order === "II";
  const start = view.getUint32(4, isLittle);
  if (start + 2 > tiff.length) return null;
  const count = view.getUint16(start, isLittle);
  for (let entry = 0; entry < count; entry++) {
    const at = start + 2 + entry * ENTRY_BYTES;
    if (at + ENTRY_BYTES > tiff.length) return null;
    if (view.getUint16(at, isLittle) !== TAG) continue;
    return view.getUint16(at + 2, isLittle) === SHORT ? view.getUint16(at + 8, isLittle) : null;
  }
  return null;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
