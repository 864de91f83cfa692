// Bytes as text, a letter each: for the names and numbers that stand in the heads of files.

/** Of bytes from one place to another; they are few. */
export function latin1Of(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, Math.max(from, to)));
}
