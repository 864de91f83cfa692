// Reads which shared libraries a library asks for (DT_NEEDED), as `readelf -d` would: binutils is
// not on every system. Little-endian 64-bit files only, which is what WebGPU runs on.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;
const DT_STRSZ = 10n;

/**
 * The names of the libraries that `file` needs, in the file's order; empty where it is no such file.
 * @param {string} file
 * @returns {string[]}
 */
export function neededLibraries(file) {
  const handle = openSync(file, "r");
  try {
    const size = fstatSync(handle).size;
    /** @param {number} at @param {number} length */
    const read = (at, length) => {
      const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - at)));
      readSync(handle, bytes, 0, bytes.length, at);
      return bytes;
    };
    const header = read(0, 64);
    if (header.length < 64 || header.subarray(0, 6).toString("latin1") !== "\x7fELF\x02\x01")
      return [];
    return neededNames(header, read);
  } finally {
    closeSync(handle);
  }
}

/**
 * @param {Buffer} header
 * @param {(at: number, length: number) => Buffer} read
 */
function neededNames(header, read) {
  const segments = readSegments(header, read);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (!dynamic) return [];
  const table = read(dynamic.offset, dynamic.bytes);
  const offsets = [];
  let stringsAt = 0;
  let stringsBytes = 0;
  for (let at = 0; at + 16 <= table.length; at += 16) {
    const tag = table.readBigUInt64LE(at);
    const value = Number(table.readBigUInt64LE(at + 8));
    if (tag === DT_NEEDED) offsets.push(value);
    if (tag === DT_STRTAB) stringsAt = value;
    if (tag === DT_STRSZ) stringsBytes = value;
  }
  // The table's place is given as an address in memory: back to the file by its segment.
  const home = segments.find(
    ({ type, address, bytes }) =>
      type === PT_LOAD && stringsAt >= address && stringsAt < address + bytes,
  );
  if (!home) return [];
  const strings = read(home.offset + stringsAt - home.address, stringsBytes);
  return offsets.map((from) => strings.subarray(from, strings.indexOf(0, from)).toString("utf8"));
}

/**
 * @param {Buffer} header
 * @param {(at: number, length: number) => Buffer} read
 */
function readSegments(header, read) {
  const start = Number(header.readBigUInt64LE(32));
  const entryBytes = header.readUInt16LE(54);
  const count = header.readUInt16LE(56);
  const table = read(start, entryBytes * count);
  return Array.from({ length: Math.floor(table.length / entryBytes) }, (_, index) => {
    const at = index * entryBytes;
    return {
      type: table.readUInt32LE(at),
      offset: Number(table.readBigUInt64LE(at + 8)),
      address: Number(table.readBigUInt64LE(at + 16)),
      bytes: Number(table.readBigUInt64LE(at + 32)),
    };
  });
}
