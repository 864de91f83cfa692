// The entries of a zip file in memory, by fflate, and distrusted as those of a file of the disk are (zip-archive.ts): sizes and
// checksums have to be right, and nothing may unpack to much more than it is.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.7 to 4.3.16

import { inflateSync } from "fflate";
import { FormatError } from "../engine/core/errors.ts";
import { crc32 } from "./crc32.ts";
import {
  checkCount,
  checkExpansion,
  checkTextSize,
  damaged,
  entryOf,
  twice,
  type ZipSizes,
} from "./zip-limits.ts";

interface Entry extends ZipSizes {
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly crc32: number;
  /** Where its own header is. */
  readonly offset: number;
}

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const [LOCAL_BYTES, CENTRAL_BYTES, END_BYTES] = [30, 46, 22];
const MOST_COMMENT_BYTES = 2 ** 16;
const [STORED, DEFLATED] = [0, 8];

export class ZipBytes {
  readonly path: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #help: string;

  /** `help`: said where an entry is missing. Throws FormatError for a damaged directory of entries. */
  constructor(path: string, bytes: Uint8Array, help: string) {
    this.path = path;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#help = help;
    this.#entries = this.#soundly(path, () => this.#directory());
  }

  /** Of all entries. */
  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** Bytes that an entry says to unpack to. */
  size(name: string): number {
    return this.#entry(name).uncompressedSize;
  }

  async text(name: string): Promise<string> {
    checkTextSize(`${this.path}: ${name}`, this.#entry(name));
    return new TextDecoder().decode(this.unpacked(name));
  }

  /** Throws FormatError where the bytes are not what the archive promises. */
  unpacked(name: string): Uint8Array {
    const entry = this.#entry(name);
    const place = `${this.path}: ${name}`;
    checkExpansion(place, entry);
    const bytes = this.#soundly(place, () => this.#contents(entry));
    if (bytes.length !== entry.uncompressedSize) {
      throw damaged(place, `${bytes.length} of ${entry.uncompressedSize} bytes`);
    }
    if (crc32(bytes) !== entry.crc32) throw damaged(place, "a wrong checksum");
    return bytes;
  }

  #entry(name: string): Entry {
    return entryOf(this.#entries, name, { path: this.path, help: this.#help });
  }

  #contents({ offset, method, isEncrypted, compressedSize, uncompressedSize }: Entry): Uint8Array {
    const view = this.#view;
    if (view.getUint32(offset, true) !== LOCAL) throw new Error("no entry where one should be");
    if (isEncrypted) throw new Error("an encrypted entry");
    const lengths = view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
    const start = offset + LOCAL_BYTES + lengths;
    if (start + compressedSize > view.byteLength) throw new Error("an entry beyond the end");
    const packed = this.#bytes.subarray(start, start + compressedSize);
    if (method === STORED) return packed;
    if (method !== DEFLATED) throw new Error(`compression method ${method}`);
    return inflateSync(packed, { out: new Uint8Array(uncompressedSize) });
  }

  #directory(): ReadonlyMap<string, Entry> {
    const view = this.#view;
    const end = this.#endRecord();
    const count = view.getUint16(end + 10, true);
    checkCount(this.path, count);
    const entries = new Map<string, Entry>();
    let at = view.getUint32(end + 16, true);
    for (let index = 0; index < count; index++) {
      if (view.getUint32(at, true) !== CENTRAL) throw new Error("no list of entries");
      const nameLength = view.getUint16(at + 28, true);
      const others = view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
      const start = at + CENTRAL_BYTES;
      const name = new TextDecoder().decode(this.#bytes.subarray(start, start + nameLength));
      if (entries.has(name)) throw twice(this.path, name);
      entries.set(name, {
        isEncrypted: (view.getUint16(at + 8, true) & 1) === 1,
        method: view.getUint16(at + 10, true),
        crc32: view.getUint32(at + 16, true),
        compressedSize: view.getUint32(at + 20, true),
        uncompressedSize: view.getUint32(at + 24, true),
        offset: view.getUint32(at + 42, true),
      });
      at = start + nameLength + others;
    }
    return entries;
  }

  /** Behind it stands only a comment. What is too large for its fields (zip64) is too large for memory. */
  #endRecord(): number {
    const view = this.#view;
    const last = view.byteLength - END_BYTES;
    for (let at = last; at >= Math.max(0, last - MOST_COMMENT_BYTES); at--) {
      if (view.getUint32(at, true) === END) return at;
    }
    throw new Error("no end of its list of entries");
  }

  /** What a damaged file makes of reading it, a place beyond its end for instance, is told as its damage. */
  #soundly<Result>(place: string, read: () => Result): Result {
    try {
      return read();
    } catch (cause) {
      if (cause instanceof FormatError) throw cause;
      throw damaged(place, cause);
    }
  }
}
