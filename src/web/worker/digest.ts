// SHA-256 as a browser computes it.

/** In hex, of the bytes one after another. */
export async function sha256(pieces: readonly Uint8Array[]): Promise<string> {
  const bytes = await new Blob([...pieces] as BlobPart[]).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
