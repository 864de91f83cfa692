// NumPy's .npy: a header that says type, order and shape, then the values. Whole numbers and floats only: arrays of objects are
// pickles, which run code when they are read.

import { FormatError } from "../engine/core/errors.ts";
import { latin1Of } from "../format/latin1.ts";

export interface NpyArray {
  readonly shape: readonly number[];
  /** One number an element, row by row. */
  readonly values: ArrayLike<number>;
  /** `|u1` */
  readonly type: string;
}

/** Of a header, which names a type and a shape. */
const MOST_HEADER = 2 ** 16;
const MAGIC = "\x93NUMPY";

interface Reader {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
}

const little = (at: number, read: (view: DataView) => (at: number, little: true) => number) => ({
  bytes: at,
  read: (view: DataView, offset: number) => read(view).call(view, offset, true),
});
const READERS: Readonly<Record<string, Reader>> = {
  "|b1": { bytes: 1, read: (view, at) => view.getUint8(at) },
  "|i1": { bytes: 1, read: (view, at) => view.getInt8(at) },
  "<u2": little(2, (view) => view.getUint16),
  "<i2": little(2, (view) => view.getInt16),
  "<u4": little(4, (view) => view.getUint32),
  "<i4": little(4, (view) => view.getInt32),
  "<f4": little(4, (view) => view.getFloat32),
  "<f8": little(8, (view) => view.getFloat64),
  "<u8": { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
  "<i8": { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
};

/** Throws FormatError naming `where`: no .npy, objects, another order or type, fewer bytes than the shape takes. */
export function parseNpy(bytes: Uint8Array, where: string): NpyArray {
  const { header, start } = headerOf(bytes, where);
  const type = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1];
  const shapeText = /'shape'\s*:\s*\(([^)]*)\)/.exec(header)?.[1];
  if (type === undefined || shapeText === undefined) {
    throw new FormatError(`${where}: must be of one simple type, got ${header.slice(0, 80)}`);
  }
  if (type.includes("O")) {
    throw new FormatError(`${where}: must hold numbers, got an array of objects`, {
      help: "such an array is a pickle, which runs code when it is read; save it as numbers, astype('uint8')",
    });
  }
  const reader = READERS[type];
  if (type !== "|u1" && !reader) {
    throw new FormatError(`${where}: must hold numbers of little-endian bytes, got ${type}`);
  }
  if (/'fortran_order'\s*:\s*True/.test(header)) {
    throw new FormatError(`${where}: must lie row by row, got it in Fortran's order`, {
      help: "save it as numpy.ascontiguousarray has it",
    });
  }
  const shape = shapeText.split(",").flatMap((part) => (part.trim() === "" ? [] : [Number(part)]));
  const elements = shape.reduce((product, size) => product * size, 1);
  const wanted = elements * (reader?.bytes ?? 1);
  if (!Number.isSafeInteger(wanted) || shape.some((size) => !(size >= 0))) {
    throw new FormatError(`${where}: must have a sensible shape, got (${shapeText})`);
  }
  if (bytes.length - start !== wanted) {
    const got = bytes.length - start;
    throw new FormatError(`${where}: the shape takes ${wanted} bytes, got ${got}`);
  }
  const body = bytes.subarray(start);
  if (!reader) return { shape, values: body, type };
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const values = new Float64Array(elements);
  for (let i = 0; i < elements; i++) values[i] = reader.read(view, i * reader.bytes);
  return { shape, values, type };
}

function headerOf(bytes: Uint8Array, where: string): { header: string; start: number } {
  const text = (from: number, to: number) =>
    latin1Of(bytes, from, Math.min(to, from + MOST_HEADER));
  if (bytes.length < 12 || text(0, 6) !== MAGIC) {
    throw new FormatError(`${where}: must be an .npy array, got something else`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isFirst = bytes[6] === 1;
  const from = isFirst ? 10 : 12;
  const start = from + (isFirst ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > bytes.length) {
    throw new FormatError(`${where}: must be a whole .npy array, got a file that is cut short`);
  }
  return { header: text(from, start), start };
}
