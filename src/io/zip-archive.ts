// The entries of a zip file, by yauzl, and distrusted: sizes and checksums have to be right, and nothing may unpack to much
// more than it is. It writes nothing.

import { type Readable, Transform } from "node:stream";
import { text } from "node:stream/consumers";
import * as zlib from "node:zlib";
import yauzl from "yauzl";
import { FormatError, messageOf } from "../engine/core/errors.ts";

const MOST_TEXT_BYTES = 2 ** 26;
/** Weights hardly compress; zeros do, and a small file of them would fill a disk. */
const MOST_EXPANSION = 100;
/** What may be unpacked in any case. */
const SMALL_BYTES = 2 ** 28;
/** No archive of Keras has so many. */
const MOST_ENTRIES = 10_000;
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
    const zip = await new Promise<yauzl.ZipFile>((resolve, reject) => {
      yauzl.open(path, { lazyEntries: true, autoClose: false }, (error, opened) =>
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
    const { uncompressedSize: bytes } = this.#entry(name);
    if (bytes > MOST_TEXT_BYTES) {
      throw new FormatError(`${this.path}: ${name}: must be short, got ${bytes} bytes`);
    }
    return text(await this.stream(name));
  }

  /** The unpacked bytes; the stream fails with a FormatError where they are not what the archive promises. */
  async stream(name: string): Promise<Readable> {
    const entry = this.#entry(name);
    const place = `${this.path}: ${name}`;
    const { uncompressedSize: bytes, compressedSize: packed } = entry;
    if (bytes > SMALL_BYTES && bytes > MOST_EXPANSION * packed) {
      throw new FormatError(
        `${place}: must not unpack to ${bytes} bytes, got ${packed} packed ones`,
      );
    }
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
    const entry = this.#entries.get(name);
    if (entry) return entry;
    const got = [...this.#entries.keys()].slice(0, 5).join(", ") || "nothing";
    throw new FormatError(`${this.path}: must hold ${name}, got ${got}`, { help: this.#help });
  }
}

function entriesOf(path: string, zip: yauzl.ZipFile): Promise<Map<string, yauzl.Entry>> {
  const entries = new Map<string, yauzl.Entry>();
  return new Promise((resolve, reject) => {
    const refuse = (rule: string) => reject(new FormatError(`${path}: ${rule}`));
    if (zip.entryCount > MOST_ENTRIES) refuse(`must be small, got ${zip.entryCount} entries`);
    zip.on("error", (error: Error) => reject(damaged(path, error)));
    zip.on("end", () => resolve(entries));
    zip.on("entry", (entry: yauzl.Entry) => {
      const name = entry.fileName;
      if (entries.has(name)) refuse(`must hold every entry once, got ${name} twice`);
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

function damaged(where: string, cause: unknown): FormatError {
  const got = messageOf(cause);
  return new FormatError(`${where}: must be a sound zip file, got ${got}`, {
    cause,
    help: "the file is damaged or was not copied whole; get it again",
  });
}
