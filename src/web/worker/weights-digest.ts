// The digest of weights as a browser computes it: that of a safetensors file's tensors, which Node's runs record as weightsSha256.

import { bytesOf, fileOrder, type NamedTensor } from "../../io/safetensors-pieces.ts";
import { sha256 } from "./sha256.ts";

/** sha256, in hex. */
export async function weightsDigest(weights: readonly NamedTensor[]): Promise<string> {
  const pieces = fileOrder(weights).map(({ data }) => bytesOf(data) as Uint8Array<ArrayBuffer>);
  return sha256(new Uint8Array(await new Blob(pieces).arrayBuffer()));
}
