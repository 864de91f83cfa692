// Small data sets and files for the tests of src/data: made on the spot, in folders that go away
// with the test process.
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import * as assert from "uvu/assert";
import type { Dataset } from "../../src/data/dataset.ts";
import { FASHION_MNIST_CLASSES } from "../../src/data/fashion-mnist-classes.ts";
import { RandomState } from "../../src/data/random-state.ts";

const folders: string[] = [];
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-data-"));
  folders.push(folder);
  return folder;
}

export function fixture(name: string): Buffer {
  const bytes = readFileSync(new URL(`../fixtures/data/${name}`, import.meta.url));
  return name.endsWith(".gz") ? gunzipSync(bytes) : bytes;
}

/** The shape of the JSON is the script's that made it; `T` says it once more for the reader. */
export function jsonFixture<T>(name: string): T {
  return JSON.parse(fixture(name).toString()) as T;
}

/** Random 28×28 images, labels 0 to 9 in turn. */
export function sampleDataset(rows: number, name = "sample"): Dataset {
  const random = new RandomState(rows);
  return {
    name,
    images: Uint8Array.from({ length: rows * 784 }, () => random.interval(255)),
    labels: Uint8Array.from({ length: rows }, (_, i) => i % 10),
    rows,
    height: 28,
    width: 28,
    channels: 1,
    classNames: FASHION_MNIST_CLASSES,
  };
}

export function idxImages(dataset: Dataset): Buffer {
  const header = idxHeader(0x803, [dataset.rows, dataset.height, dataset.width]);
  return Buffer.concat([header, dataset.images]);
}

export function idxLabels(dataset: Dataset): Buffer {
  return Buffer.concat([idxHeader(0x801, [dataset.rows]), Uint8Array.from(dataset.labels)]);
}

export function idxHeader(magic: number, sizes: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  for (const [i, word] of [magic, ...sizes].entries()) header.writeUInt32BE(word, 4 * i);
  return header;
}

/** Writes the file into a folder of its own, and returns its path. */
export function writeSample(name: string, content: Uint8Array | string): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, content);
  return file;
}

export function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

/** SHA-256 of the rows as little-endian int32, as the fixtures have it. */
export function rowsSha256(rows: Uint32Array): string {
  return createHash("sha256").update(rows).digest("hex");
}

export async function rejects(
  work: () => unknown,
  kind: new (...args: never[]) => Error,
  message: string,
): Promise<Error> {
  try {
    await work();
  } catch (error) {
    assert.instance(error, kind);
    assert.is((error as Error).message, message);
    return error as Error;
  }
  return assert.unreachable(`must be refused with: ${message}`) as never;
}

export function sameData(got: Dataset, want: Dataset): void {
  const [a, b] = [got, want].map(({ images, labels, classNames, name: _, ...shape }) => ({
    ...shape,
    images: md5(images),
    labels: md5(Uint8Array.from(labels)),
    classNames: [...classNames],
  }));
  assert.equal(a, b);
}
