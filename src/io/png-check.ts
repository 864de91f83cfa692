// Looks at a PNG before the library decodes it: signature, size claims, whole chunks. It decodes nothing; its point is
// that no memory is given to a file that only claims to be large.

import { inflateSync } from "node:zlib";
import { FormatError } from "../engine/core/errors.ts";
import { checkSize } from "./picture-size.ts";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Throws FormatError naming the file: not a PNG, truncated, zero or absurd size. */
export function checkPng(bytes: Uint8Array, name: string): void {
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) {
    throw new FormatError(`${name}: must be a PNG, got something else`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33 || chunkType(bytes, 8) !== "IHDR") throw truncated(name);
  checkSize(view.getUint32(16), view.getUint32(20), name);
  const packed = collectData(bytes, view, name);
  // The library bounds what it inflates for plain files, but not for interlaced ones.
  if (bytes[28] === 1) checkInterlaced(packed, view.getUint32(16) * view.getUint32(20), name);
}

function chunkType(bytes: Uint8Array, offset: number): string {
  return Buffer.from(bytes.subarray(offset + 4, offset + 8)).toString("latin1");
}

function truncated(name: string): FormatError {
  return new FormatError(`${name}: the PNG must be whole, got a truncated or damaged file`);
}

/** Walks from chunk to chunk up to IEND and gathers the compressed pixels. */
function collectData(bytes: Uint8Array, view: DataView, name: string): Uint8Array[] {
  const packed: Uint8Array[] = [];
  let offset = SIGNATURE.length;
  while (offset + 12 <= bytes.length) {
    const length = view.getUint32(offset);
    const type = chunkType(bytes, offset);
    const end = offset + 12 + length;
    if (end > bytes.length) break;
    if (type === "IDAT") packed.push(bytes.subarray(offset + 8, end - 4));
    if (type === "IEND" && packed.length > 0) return packed;
    offset = end;
  }
  throw truncated(name);
}

/** Eight bytes a pixel is the most a PNG can need; the rest is filter bytes of the seven passes' rows. */
function checkInterlaced(packed: readonly Uint8Array[], pixels: number, name: string): void {
  try {
    inflateSync(Buffer.concat(packed), { maxOutputLength: 8 * pixels + (1 << 20) });
  } catch (cause) {
    throw new FormatError(`${name}: pixel data must fit the picture's size`, { cause });
  }
}
