// Kaggle's Fashion-MNIST CSV, streamed both ways: header `label,pixel1,…,pixel784`, then one row
// per image; other spellings of it are read too (csv-columns.ts). csv-parse rules on the header and on every row that is not plain digits and commas.
// Plain rows, all of them in practice, skip it: one string per value, 47 million of them, took 7 to
// 11 s where this takes about 1 s.
import { stat } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { FormatError, messageOf } from "../engine/core/errors.ts";
import {
  type CsvColumns,
  type CsvLayout,
  csvColumns,
  HEADER,
  layoutColumns,
  PIXELS,
  shorten,
  wrongHeader,
} from "./csv-columns.ts";
import { type Dataset, imageSize } from "./dataset.ts";
import { describeForeign } from "./foreign-file.ts";
import { type MissingRow, missingRule } from "./missing-row.ts";
import { replaceFile } from "./replace-file.ts";
import { textChunks } from "./text-chunks.ts";

const SIDE = 28;
const CHUNK_BYTES = 1 << 20;
// A plain row has at most 4 bytes a value; the rest is room for quotes and spaces.
const LONGEST_LINE = 64 * 1024;
/** Of a CSV of another layout: a colour image of 256 × 256. */
const LONGEST_WIDE_LINE = 16 * 256 * 256 * 3;
const [NEWLINE, RETURN, COMMA, ZERO] = [10, 13, 44, 48];

// What pandas' read_csv takes for a missing value.
const MISSING = new Set(
  " #N/A #NA -1.#IND -1.#QNAN -NaN -nan 1.#IND 1.#QNAN <NA> N/A NA NULL NaN None n/a nan null".split(
    " ",
  ),
).add("#N/A N/A");

export interface CsvOptions {
  readonly name: string;
  readonly classNames: readonly string[];
  /** Gets every row that lacks values, and the row is left out; not given, the first one is an error. */
  onMissing?(row: MissingRow): void;
  /** Called about once a megabyte with the share read, the last time with 1. */
  progress?(fraction: number): void;
}

/**
 * Reads a Kaggle CSV. Blank lines are skipped, a byte-order mark, quotes and spaces around a value
 * are taken, as pandas takes them; so are UTF-16, lines that end with a carriage return, and whole numbers written as floats. Every other departure is a FormatError `file:line: rule, got …`,
 * lines counted from 1.
 */
export async function readKaggleCsv(file: string, options: CsvOptions): Promise<Dataset> {
  const { images, labels } = await readCsvRows(file, options);
  const { name, classNames } = options;
  const shape = { rows: labels.length, height: SIDE, width: SIDE, channels: 1 };
  return { name, images, labels, ...shape, classNames };
}

export interface CsvRows {
  /** rows × pixels. */
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  /** Of a row. */
  readonly pixels: number;
}

interface RowOptions extends Pick<CsvOptions, "onMissing" | "progress"> {
  readonly classNames: { readonly length: number };
  /** Not Kaggle's. */
  readonly layout?: CsvLayout;
}

/** The rows of a CSV in Kaggle's layout, or in the given one; throws as `readKaggleCsv` does. */
export async function readCsvRows(file: string, options: RowOptions): Promise<CsvRows> {
  const size = await sizeOf(file);
  const table = new Table(file, size, options);
  let done = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of textChunks(file, CHUNK_BYTES)) {
    rest = table.addLines(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
    const longest = options.layout ? LONGEST_WIDE_LINE : LONGEST_LINE;
    if (rest.length > longest) table.failAt(`a line is at most ${longest} bytes long, got more`);
    done = Math.min(size, done + chunk.length);
    options.progress?.(done / size);
  }
  if (rest.length > 0) table.addLine(rest);
  // UTF-16 has fewer bytes when it is read.
  if (done < size) options.progress?.(1);
  return table.finish();
}

async function sizeOf(file: string): Promise<number> {
  const entry = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === "ENOENT" ? "no such file" : `cannot be read, got ${cause.code}`;
    throw new FormatError(`${file}: ${reason}`, { cause });
  });
  if (!entry.isFile()) throw new FormatError(`${file}: must be a regular file, got something else`);
  const { size } = entry;
  if (size === 0) throw new FormatError(`${file}: the file is empty`);
  return size;
}

class Table {
  readonly #file: string;
  readonly #classes: number;
  readonly #onMissing: (row: MissingRow) => void;
  readonly #size: number;
  readonly #layout: CsvLayout | undefined;
  #images = new Uint8Array();
  #labels = new Uint8Array();
  /** The values of a row, label among them. */
  #row = new Uint8Array();
  #columns: CsvColumns | null = null;
  #rows = 0;
  #line = 1;

  constructor(file: string, size: number, { classNames, onMissing, layout }: RowOptions) {
    this.#file = file;
    this.#classes = classNames.length;
    this.#onMissing = onMissing ?? ((row) => this.failAt(missingRule(row)));
    this.#size = size;
    this.#layout = layout;
  }

  /** Takes the complete lines of the bytes and returns the bytes after them. */
  addLines(bytes: Buffer): Buffer {
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.addLine(bytes.subarray(start, end));
      start = end + 1;
    }
    return bytes.subarray(start);
  }

  addLine(bytes: Buffer): void {
    const line = bytes.at(-1) === RETURN ? bytes.subarray(0, -1) : bytes;
    const isFirst = this.#columns === null;
    this.#columns ??= this.#begin(this.#readHeader(line));
    if (!isFirst || !this.#columns.hasHeader) this.#addRow(line, this.#columns);
    this.#line += 1;
  }

  #addRow(whole: Buffer, columns: CsvColumns): void {
    const { hasIndex, labelAt } = columns;
    const line = hasIndex ? whole.subarray(whole.indexOf(COMMA) + 1) : whole;
    if (line.length === 0) return;
    const isPlain = readPlainRow(line, this.#row) && (this.#row[labelAt] ?? 0) < this.#classes;
    if (!isPlain && !this.#readFields(line, columns)) return;
    const to = this.#rows * (this.#row.length - 1);
    this.#images.set(this.#row.subarray(0, labelAt), to);
    this.#images.set(this.#row.subarray(labelAt + 1), to + labelAt);
    this.#labels[this.#rows] = this.#row[labelAt] ?? 0;
    this.#rows += 1;
  }

  #begin(columns: CsvColumns): CsvColumns {
    const { length } = columns.names;
    // Every value takes a digit and a comma or line end, so no file of this size has more rows.
    const most = Math.ceil(this.#size / (2 * length));
    this.#images = new Uint8Array(most * (length - 1));
    this.#labels = new Uint8Array(most);
    this.#row = new Uint8Array(length);
    return columns;
  }

  #readHeader(line: Buffer): CsvColumns {
    const foreign = describeForeign(line);
    if (foreign) {
      throw new FormatError(`${this.#file}: must be a CSV, got ${foreign.got}`, foreign);
    }
    const fields = this.#split(line);
    if (this.#layout) {
      const columns = layoutColumns(fields, this.#layout);
      return typeof columns === "string" ? this.failAt(columns) : columns;
    }
    const columns = csvColumns(fields);
    if (columns) return columns;
    const got = wrongHeader(fields);
    return this.failAt(`the header must read label,pixel1,…,pixel${PIXELS}, got ${got}`);
  }

  /** False for a row that lacks values. */
  #readFields(line: Buffer, { names, labelAt }: CsvColumns): boolean {
    const fields = this.#split(line);
    const { length } = this.#row;
    if (fields.length !== length) {
      this.failAt(`a row must have ${length} values, got ${fields.length}`);
    }
    const missing: string[] = [];
    for (const [i, field] of fields.entries()) {
      const last = i === labelAt ? this.#classes - 1 : 255;
      if (MISSING.has(field)) {
        missing.push(names[i] ?? "");
        continue;
      }
      const isNumber = /^\d+(\.\d*)?(e[+-]?\d+)?$/i.test(field);
      if (!isNumber || !Number.isInteger(Number(field)) || Number(field) > last) {
        const got = `"${shorten(field)}"`;
        this.failAt(`${names[i]} must be a whole number from 0 to ${last}, got ${got}`);
      }
      this.#row[i] = Number(field);
    }
    if (missing.length === 0) return true;
    this.#onMissing({ file: this.#file, line: this.#line, columns: missing });
    return false;
  }

  #split(line: Buffer): string[] {
    try {
      const records: string[][] = parse(line, { bom: true, relax_column_count: true, trim: true });
      return records[0] ?? [];
    } catch (cause) {
      // csv-parse sees this line alone, so its line numbers would mislead.
      const reason = messageOf(cause).replace(/ at line 1/, "");
      throw new FormatError(`${this.#file}:${this.#line}: not a CSV row, got "${reason}"`, {
        cause,
      });
    }
  }

  failAt(problem: string): never {
    throw new FormatError(`${this.#file}:${this.#line}: ${problem}`);
  }

  finish(): CsvRows {
    if (this.#rows === 0) {
      throw new FormatError(`${this.#file}: there must be a row below the header, got none`);
    }
    const pixels = this.#row.length - 1;
    const images = this.#images.slice(0, this.#rows * pixels);
    return { images, labels: this.#labels.slice(0, this.#rows), pixels };
  }
}

// Fills `row` from digits and commas; false for anything else, which then gets csv-parse's
// attention and a message.
function readPlainRow(line: Uint8Array, row: Uint8Array): boolean {
  let column = 0;
  let value = -1;
  for (let i = 0; i <= line.length; i++) {
    const byte = i === line.length ? COMMA : line[i];
    if (byte === COMMA) {
      if (value < 0 || value > 255 || column === row.length) return false;
      row[column++] = value;
      value = -1;
      continue;
    }
    const digit = (byte ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return false;
    value = value < 0 ? digit : value * 10 + digit;
  }
  return column === row.length;
}

/** Writes a 28×28 one-channel data set as Kaggle's CSV; the file appears only when complete. */
export async function writeKaggleCsv(
  dataset: Dataset,
  file: string,
  progress?: (fraction: number) => void,
): Promise<void> {
  if (dataset.height !== SIDE || dataset.width !== SIDE || dataset.channels !== 1) {
    const { height, width, channels } = dataset;
    throw new FormatError(
      `${file}: this CSV holds images of (28, 28, 1), got (${height}, ${width}, ${channels})`,
    );
  }
  await replaceFile(file, csvChunks(dataset, progress));
}

function* csvChunks(dataset: Dataset, progress?: (fraction: number) => void): Generator<Buffer> {
  const size = imageSize(dataset);
  let lines = `${HEADER.join(",")}\n`;
  for (let row = 0; row < dataset.rows; row++) {
    const pixels = dataset.images.subarray(row * size, (row + 1) * size);
    lines += `${dataset.labels[row]},${pixels.join(",")}\n`;
    if (lines.length < CHUNK_BYTES) continue;
    yield Buffer.from(lines, "latin1");
    lines = "";
    progress?.((row + 1) / dataset.rows);
  }
  yield Buffer.from(lines, "latin1");
  progress?.(1);
}
