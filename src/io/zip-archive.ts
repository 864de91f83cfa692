// The entries of a zip file, by yauzl, and distrusted: sizes and checksums have to be right, and nothing may unpack to much
// more than it is. It writes nothing.

import { type Readable, Transform } from "node:stream";
import { text } from "node:stream/consumers";
import * as zlib from "node:zlib";
import type yauzl from "yauzl";
import {
  checkCount,
  checkExpansion,
  checkTextSize,
  damaged,
  entryOf,
  twice,
} from "./zip-limits.ts";

/** Missing before Node 20.15. */
const crc32 = "crc32" in zlib ? zlib.crc32 : undefined;

export class ZipArchive {
  readonly path: string;
  readonly #zip: yauzl.ZipFile;
  readonly #entries: ReadonlyMap<string, yauzl.Entry>;
  readonly #help: string;

  private constructor(
    path: string,
    help: string,
    zip: yauzl.ZipFile,
    entries: ReadonlyMap<string, yauzl.Entry>,
  ) {
    this.path = path;
    this.#help = help;
    this.#zip = zip;
    this.#entries = entries;
  }

  /** `help`: said where an entry is missing. Throws FormatError for a damaged directory of entries. */
  static async open(path: string, help: string): Promise<ZipArchive> {
    const { default: reader } = await import("yauzl");
    const zip = await new Promise<yauzl.ZipFile>((resolve, reject) => {
      reader.open(path, { lazyEntries: true, autoClose: false }, (error, opened) =>
        opened ? resolve(opened) : reject(damaged(path, error)),
      );
    });
    try {
      return new ZipArchive(path, help, zip, await entriesOf(path, zip));
    } catch (error) {
      zip.close();
      throw error;
    }
  }

  /** Bytes that an entry says to unpack to. */
  size(name: string): number {
    return this.#entry(name).uncompressedSize;
  }

  async text(name: string): Promise<string> {
    checkTextSize(`${this.path}: ${name}`, this.#entry(name));
    return text(await this.stream(name));
  }

  /** The unpacked bytes; the stream fails with a FormatError where they are not what the archive promises. */
  async stream(name: string): Promise<Readable> {
    const entry = this.#entry(name);
    const place = `${this.path}: ${name}`;
    checkExpansion(place, entry);
    const source = await new Promise<Readable>((resolve, reject) => {
      this.#zip.openReadStream(entry, (error, stream) =>
        stream ? resolve(stream) : reject(damaged(place, error)),
      );
    });
    const checked = checksummed(entry, place);
    source.on("error", (error) => checked.destroy(damaged(place, error)));
    checked.on("close", () => source.destroy());
    return source.pipe(checked);
  }

  close(): void {
    this.#zip.close();
  }

  #entry(name: string): yauzl.Entry {
    return entryOf(this.#entries, name, { path: this.path, help: this.#help });
  }
}

function entriesOf(path: string, zip: yauzl.ZipFile): Promise<Map<string, yauzl.Entry>> {
  const entries = new Map<string, yauzl.Entry>();
  return new Promise((resolve, reject) => {
    checkCount(path, zip.entryCount);
    zip.on("error", (error: Error) => reject(damaged(path, error)));
    zip.on("end", () => resolve(entries));
    zip.on("entry", (entry: yauzl.Entry) => {
      const name = entry.fileName;
      if (entries.has(name)) reject(twice(path, name));
      entries.set(name, entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
}

function checksummed(entry: yauzl.Entry, place: string): Transform {
  let sum = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (crc32) sum = crc32(chunk, sum);
      done(null, chunk);
    },
    flush(done) {
      const isRight = !crc32 || sum === entry.crc32;
      done(isRight ? null : damaged(place, new Error("a wrong checksum")));
    },
  });
}
