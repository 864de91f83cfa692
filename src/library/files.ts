// Weights in files, for programs of one's own.

import { FormatError } from "../engine/core/errors.ts";
import { readSafetensors, writeSafetensors } from "../io/safetensors.ts";
import type { NamedWeights } from "../train/named-tensors.ts";

/** Writes the file whole or not at all, with a digest of its bytes in the header; returns that sha256, in hex. */
export function saveSafetensors(
  path: string,
  weights: NamedWeights,
  metadata: Readonly<Record<string, string>> = {},
): Promise<string> {
  return writeSafetensors(path, weights, metadata);
}

/** In the order of the file. Throws FormatError, naming the file, for damage and for tensors that are not float32. */
export async function loadSafetensors(path: string): Promise<NamedWeights> {
  const { tensors } = await readSafetensors(path);
  return [...tensors.values()].map(({ name, dtype, shape, data }) => {
    if (dtype !== "F32" || !(data instanceof Float32Array)) {
      throw new FormatError(`${path}: weights must be F32, got ${dtype} in ${name}`);
    }
    const { buffer, byteOffset, length } = data;
    const values =
      buffer instanceof ArrayBuffer
        ? new Float32Array(buffer, byteOffset, length)
        : Float32Array.from(data);
    return { name, dtype, shape, data: values };
  });
}
