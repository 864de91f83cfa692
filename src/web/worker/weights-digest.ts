// The digest of weights as a browser computes it: that of a safetensors file's tensors, which Node's runs record as weightsSha256.

import { bytesOf, fileOrder, type NamedTensor } from "../../io/safetensors-pieces.ts";

/** sha256, in hex. */
export async function weightsDigest(weights: readonly NamedTensor[]): Promise<string> {
  const pieces = fileOrder(weights).map(({ data }) => bytesOf(data) as Uint8Array<ArrayBuffer>);
  const bytes = await new Blob(pieces).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
