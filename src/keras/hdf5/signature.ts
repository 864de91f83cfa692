// How HDF5 files begin. Looked at before anything costly: most files that are none show it in their first bytes.

import { FormatError } from "../../engine/core/errors.ts";

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a] as const;
/** The signature may stand behind a foreign header, whose length is one of these. */
const OFFSETS = [0, 512, 1024, 2048, 4096];
const SHOWN_BYTES = 16;

/** So many bytes of a file from there on, or what it has of them. */
export type PieceReader = (offset: number, length: number) => Uint8Array;

/** Throws FormatError for what is no HDF5 file. */
export function checkSignature(name: string, piece: PieceReader): void {
  const isHdf5 = OFFSETS.some((offset) => {
    const bytes = piece(offset, SIGNATURE.length);
    return SIGNATURE.every((byte, index) => bytes[index] === byte);
  });
  if (isHdf5) return;
  const head = piece(0, SHOWN_BYTES);
  const got = head.length === 0 ? "an empty file" : `one that begins with ${show(head)}`;
  throw new FormatError(`${name}: must be an HDF5 file, got ${got}`, {
    help: "Keras's weight files (.h5, .weights.h5, .keras) are; a page or a pointer may have been saved instead",
  });
}

/** A byte is a character, whatever it is. */
function show(bytes: Uint8Array): string {
  return JSON.stringify(String.fromCharCode(...bytes));
}
