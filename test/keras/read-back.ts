// Reads files back through libhdf5 and yauzl as they are, with the kinds of attributes and without the product's own reader.

import { buffer } from "node:stream/consumers";
import { type Attribute, Dataset, File, Group } from "h5wasm/node";
import * as assert from "uvu/assert";
import yauzl from "yauzl";

export interface Entry {
  readonly kind: "group" | "dataset";
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly dtype?: unknown;
  readonly shape?: readonly number[] | null;
}

/** All that a file holds, by path, without the data. */
export function tree(path: string): Map<string, Entry> {
  const file = new File(path, "r");
  const entries = new Map<string, Entry>();
  const visit = (item: Group | Dataset): void => {
    const attributes = Object.fromEntries(
      Object.entries<Attribute>(item.attrs).map(([name, { metadata, value, shape }]) => {
        const { type, size, cset, vlen } = metadata;
        const held = ArrayBuffer.isView(value) ? "none" : value;
        return [name, { type, size: vlen ? 0 : size, cset, vlen, shape, value: held }];
      }),
    );
    if (item instanceof Dataset) {
      entries.set(item.path, { kind: "dataset", attributes, dtype: item.dtype, shape: item.shape });
      return;
    }
    entries.set(item.path, { kind: "group", attributes });
    for (const name of item.keys()) {
      const child = item.get(name);
      if (child instanceof Group || child instanceof Dataset) visit(child);
    }
  };
  visit(file);
  file.close();
  return entries;
}

/** The bytes of a dataset. */
export function bytesOf(path: string, dataset: string): Buffer {
  const file = new File(path, "r");
  const item = file.get(dataset);
  const value = item instanceof Dataset ? item.value : null;
  file.close();
  return bufferOf(value);
}

export function bufferOf(value: unknown): Buffer {
  if (!ArrayBuffer.isView(value)) throw new Error(`no numbers, got ${value}`);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** Entries of a zip, in order; refuses compressed ones. */
export function unzip(path: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  return new Promise((resolve, reject) => {
    yauzl.open(path, { lazyEntries: true }, (failure, zip) => {
      if (failure) return reject(failure);
      zip.on("error", reject).on("end", () => resolve(files));
      zip.on("entry", (entry: yauzl.Entry) => {
        assert.is(entry.compressionMethod, 0, entry.fileName);
        zip.openReadStream(entry, (error, stream) => {
          if (error) return reject(error);
          buffer(stream).then((data) => {
            files.set(entry.fileName, data);
            zip.readEntry();
          }, reject);
        });
      });
      zip.readEntry();
    });
  });
}
