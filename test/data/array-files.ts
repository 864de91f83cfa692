// Small .npy and .npz files and CIFAR batches, as NumPy and its authors write them.

import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import yazl from "yazl";
import { temporaryFolder } from "./sample-files.ts";

/** As `numpy.save` writes it, version 1.0. */
export function npy(type: string, shape: readonly number[], body: Uint8Array): Buffer {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const padded = text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11, " ");
  const start = Buffer.alloc(10);
  start.write("\x93NUMPY\x01\x00", "latin1");
  start.writeUInt16LE(padded.length + 1, 8);
  return Buffer.concat([start, Buffer.from(`${padded}\n`, "latin1"), body]);
}

export async function writeNpz(arrays: Readonly<Record<string, Buffer>>): Promise<string> {
  const zip = new yazl.ZipFile();
  for (const [name, bytes] of Object.entries(arrays)) zip.addBuffer(bytes, `${name}.npy`);
  zip.end();
  const path = join(temporaryFolder(), "set.npz");
  await pipeline(zip.outputStream, createWriteStream(path));
  return path;
}

/** A row of CIFAR: label bytes, then 1,024 reds, greens and blues. */
export function cifarRow(labels: readonly number[], pixel: (i: number, c: number) => number) {
  const planes = [0, 1, 2].flatMap((c) => Array.from({ length: 1024 }, (_, i) => pixel(i, c)));
  return Uint8Array.from([...labels, ...planes]);
}
