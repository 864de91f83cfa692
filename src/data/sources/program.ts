// A program of the person's that exports a data set: arrays with a label a row, as `tensorData` and `loadData` of the library give
// them. Looked at by shape, not by class, because the program may have another copy of the library than the command.

import { FormatError } from "../../engine/core/errors.ts";
import { importFile, thrown } from "../../io/program-file.ts";
import { assemble, type LabelledRows } from "./assemble.ts";
import { type DataSource, titleOfPath, type UserData } from "./source.ts";

type Exports = Readonly<Record<string, unknown>>;
type ImageShape = readonly [height: number, width: number, channels: number];

const HELP =
  "for instance: export const train = tensorData({ x: bytes, y: labels, shape: [28, 28, 1] });";

export const PROGRAM: DataSource = {
  what: "a program (.ts) that exports train, and if you like test and classNames",

  recognise: ({ isFolder, names: [name = ""] }) => !isFolder && /\.[cm]?[jt]s$/i.test(name),

  async load({ path }, request): Promise<UserData> {
    const found = await importFile(path, "data");
    const given = "train" in found ? found : await settled(found["default"], path);
    const { train, test, classNames } = asExports(given);
    if (train === undefined) throw refused(path, "must export train", "none");
    const rows = rowsOf(train, `${path}: train`);
    const held = test === undefined || test === null ? null : rowsOf(test, `${path}: test`);
    if (held && String(held.shape) !== String(rows.shape)) {
      throw refused(
        `${path}: test`,
        `must be of ${rows.shape.join("x")} as train is`,
        held.shape.join("x"),
      );
    }
    const { shape } = rows;
    const title = titleOfPath(path).replace(/\.[^.]*$/, "");
    const assembly = { path, title, source: path, shape, train: rows, test: held };
    return assemble({ ...assembly, classNames: namesOf(classNames, path) }, request);
  },
};

/** A default may be a promise, as that of `loadData`, which fails as late as the program does. */
async function settled(value: unknown, path: string): Promise<unknown> {
  try {
    return await value;
  } catch (cause) {
    throw new FormatError(`${path}: default must give a data set, got ${thrown(cause)}`, { cause });
  }
}

function asExports(value: unknown): Exports {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** Of `tensorData`, or the object that it is given. */
function rowsOf(value: unknown, where: string): LabelledRows & { readonly shape: ImageShape } {
  const { x, y, shape, targets, sampleWeight } = asExports(value);
  if (targets !== undefined) throw refused(where, "must have a class a row", "targets");
  if (sampleWeight !== undefined) {
    throw refused(where, "must have rows that count alike", "sampleWeight");
  }
  const images = imagesOf(x, where);
  const size = shapeOf(shape, where);
  const labels = isNumbers(y) ? y : undefined;
  if (!labels) throw refused(where, "y must hold a class number a row", kindOf(y));
  const pixels = size[0] * size[1] * size[2];
  if (images.length === labels.length * pixels) {
    return { where, images, labels, shape: size };
  }
  const rule = `x must hold the ${labels.length} rows of ${size.join("x")} that y labels`;
  throw refused(where, rule, `${images.length} values`);
}

/** Data sets of the commands are bytes; of numbers from 0 to 1, nobody could tell whether they lose by it. */
function imagesOf(x: unknown, where: string): Uint8Array {
  if (x instanceof Uint8Array) return x;
  if (x instanceof Uint8ClampedArray) return new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
  throw refused(where, "x must be a Uint8Array of bytes from 0 to 255", kindOf(x));
}

function shapeOf(shape: unknown, where: string): ImageShape {
  const sizes = Array.isArray(shape) ? (shape as readonly unknown[]).map(Number) : [];
  const [height = 0, width = 0, channels = 1, ...more] = sizes;
  const isWhole = [height, width, channels].every((size) => Number.isInteger(size) && size > 0);
  if (isWhole && more.length === 0 && (channels === 1 || channels === 3)) {
    return [height, width, channels];
  }
  const got = Array.isArray(shape) ? JSON.stringify(shape) : kindOf(shape);
  throw refused(where, "shape must be [height, width, channels], 1 or 3 of those", got);
}

function namesOf(names: unknown, path: string): readonly string[] | undefined {
  if (names === undefined) return undefined;
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  throw refused(path, "classNames must be a list of names", kindOf(names));
}

function isNumbers(value: unknown): value is ArrayLike<number> {
  if (ArrayBuffer.isView(value)) return !(value instanceof DataView);
  return Array.isArray(value) && value.every((one) => typeof one === "number");
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return "none";
  return typeof value === "object" ? (value.constructor?.name ?? "an object") : `a ${typeof value}`;
}

function refused(where: string, rule: string, got: unknown): FormatError {
  return new FormatError(`${where}: ${rule}, got ${String(got)}`, { help: HELP });
}
