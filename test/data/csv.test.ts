// Kaggle's CSV written and read back, and every broken row refused with its line.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readKaggleCsv, writeKaggleCsv } from "../../src/data/csv.ts";
import { FASHION_MNIST_CLASSES } from "../../src/data/fashion-mnist-classes.ts";
import { FormatError } from "../../src/engine/core/errors.ts";
import { createLocked } from "../../src/io/locked-file.ts";
import { rejects, sameData, sampleDataset, temporaryFolder, writeSample } from "./sample-files.ts";

const test = suite("csv");
const options = { name: "sample", classNames: FASHION_MNIST_CLASSES };
const HEADER = ["label", ...Array.from({ length: 784 }, (_, i) => `pixel${i + 1}`)].join(",");

/** The sample's text, with the fields of one line changed (line 1 is the header). */
async function sampleText(): Promise<string> {
  const file = join(temporaryFolder(), "sample.csv");
  await writeKaggleCsv(sampleDataset(5), file);
  return readFileSync(file, "utf8");
}

async function withLine(line: number, change: (fields: string[]) => string[]): Promise<string> {
  const lines = (await sampleText()).split("\n");
  lines[line - 1] = change((lines[line - 1] ?? "").split(",")).join(",");
  return writeSample("broken.csv", lines.join("\n"));
}

const refused = (file: string, problem: string) =>
  rejects(() => readKaggleCsv(file, options), FormatError, `${file}${problem}`);

test("what is written reads back, across several chunks of the stream", async () => {
  const sample = sampleDataset(900);
  const file = join(temporaryFolder(), "new", "sample.csv");
  await writeKaggleCsv(sample, file);
  assert.equal(readdirSync(dirname(file)), ["sample.csv"]);
  const shares: number[] = [];
  const progress = (fraction: number) => shares.push(fraction);
  sameData(await readKaggleCsv(file, { ...options, progress }), sample);
  assert.ok(shares.length > 1);
  assert.is(shares.at(-1), 1);
});

test("the text is Kaggle's", async () => {
  const lines = (await sampleText()).split("\n");
  assert.is(lines[0], HEADER);
  assert.is(lines.length, 7);
  assert.is(lines[6], "");
  const { images, labels } = sampleDataset(5);
  assert.is(lines[3], `${labels[2]},${images.subarray(2 * 784, 3 * 784).join(",")}`);
});

test("line ends, blank lines, a byte-order mark, quotes, spaces and a missing last newline", async () => {
  const text = await sampleText();
  const variants = [
    text.replaceAll("\n", "\r\n"),
    text.trimEnd(),
    `\ufeff${text}`,
    text.replace(/\n(\d+),(\d+)/g, '\n"$1", $2 '),
    text.replace("label,pixel1,", '"label","pixel1",'),
    `${text}\n\n`,
  ];
  for (const variant of variants) {
    sameData(await readKaggleCsv(writeSample("x.csv", variant), options), sampleDataset(5));
  }
});

test("what other tools write: floats, UTF-16, carriage returns, other columns, no header", async () => {
  const text = await sampleText();
  const [header = "", ...rows] = text.trimEnd().split("\n");
  const mapped = (change: (fields: string[], line: number) => string[]): string =>
    [header, ...rows].map((line, i) => change(line.split(","), i).join(",")).join("\n");
  const floats = (write: (value: number) => string) =>
    mapped((fields, line) => (line === 0 ? fields : fields.map((field) => write(Number(field)))));
  const named = (nameOf: (i: number) => string) =>
    mapped((fields, line) =>
      line > 0 ? fields : ["label", ...fields.slice(1).map((_, i) => nameOf(i))],
    );
  const utf16 = Buffer.from(`\ufeff${text}`, "utf16le");
  const variants: (string | Buffer)[] = [
    floats((value) => value.toFixed(1)),
    floats((value) => value.toExponential(18)),
    floats((value) => `${value}.`),
    utf16,
    Buffer.from(utf16).swap16(),
    text.replaceAll("\n", "\r"),
    named((i) => `pixel${i}`),
    named((i) => `${Math.floor(i / 28) + 1}x${(i % 28) + 1}`),
    mapped(([label = "", ...pixels]) => [...pixels, label]),
    mapped((fields, line) => [line === 0 ? "" : String(line + 300), ...fields]),
    rows.join("\n"),
  ];
  for (const [i, variant] of variants.entries()) {
    const read = await readKaggleCsv(writeSample("x.csv", variant), options).catch((error) => {
      throw new Error(`variant ${i}: ${error}`);
    });
    sameData(read, sampleDataset(5));
  }
});

test("a page of a server and a pointer of Git LFS are called what they are", async () => {
  const page = writeSample("page.csv", "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n");
  await refused(page, ": must be a CSV, got a web page");
  const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
  await refused(writeSample("lfs.csv", pointer), ": must be a CSV, got a Git LFS pointer");
});

test("missing, empty and headless files", async () => {
  await refused(join(temporaryFolder(), "none.csv"), ": no such file");
  await refused(writeSample("empty.csv", ""), ": the file is empty");
  const bare = writeSample("bare.csv", `${HEADER}\n`);
  await refused(bare, ": there must be a row below the header, got none");
});

test("wrong headers", async () => {
  const rule = ":1: the header must read label,pixel1,…,pixel784, got";
  const swapped = await withLine(1, (fields) => ["pixel1", "label", ...fields.slice(2)]);
  await refused(swapped, `${rule} "pixel1" in place of label`);
  const twice = await withLine(1, (fields) => fields.with(9, "pixel8"));
  await refused(twice, `${rule} "pixel8" in place of pixel9`);
  const short = await withLine(1, (fields) => fields.slice(0, 3));
  await refused(short, `${rule} 3 columns from "label" to "pixel2"`);
  await refused(
    writeSample("other.csv", "a;b;c\n1;2;3\n"),
    `${rule} 1 columns from "a;b;c" to "a;b;c"`,
  );
});

test("ragged rows, a file cut short among them", async () => {
  const short = await withLine(3, (fields) => fields.slice(0, -1));
  await refused(short, ":3: a row must have 785 values, got 784");
  const long = await withLine(6, (fields) => [...fields, "0"]);
  await refused(long, ":6: a row must have 785 values, got 786");
  const text = await sampleText();
  const cut = writeSample("cut.csv", text.slice(0, text.lastIndexOf(",")));
  await refused(cut, ":6: a row must have 785 values, got 784");
});

test("values that are not whole numbers in range", async () => {
  const pixel = (value: string) => withLine(4, (fields) => fields.with(12, value));
  const rule = ":4: pixel12 must be a whole number from 0 to 255, got";
  for (const value of ["256", "-1", "1.5", "x", "1e3", "1e400", "nine", "99999999999999999999"]) {
    await refused(await pixel(value), `${rule} "${value}"`);
  }
  await refused(await pixel(""), ":4: a row must have every value, got none for pixel12");
  const label = (value: string) => withLine(2, (fields) => fields.with(0, value));
  for (const value of ["10", "-1", "0.5", "shoe"]) {
    const got = `:2: label must be a whole number from 0 to 9, got "${value}"`;
    await refused(await label(value), got);
  }
  await refused(await label(""), ":2: a row must have every value, got none for label");
});

test("lines are counted with blank ones", async () => {
  const lines = (await sampleText()).split("\n");
  const file = writeSample("blank.csv", [lines[0], "", lines[1], "1,2"].join("\n"));
  await refused(file, ":4: a row must have 785 values, got 2");
});

test("an open quote, and a file that is no text", async () => {
  const quote = await withLine(2, (fields) => fields.with(5, '"7'));
  const error = await rejects(
    () => readKaggleCsv(quote, options),
    FormatError,
    `${quote}:2: not a CSV row, got "Quote Not Closed: the parsing is finished with an opening quote"`,
  );
  assert.ok(error.cause instanceof Error);
  const binary = writeSample("binary.csv", Buffer.alloc(100_000, 7));
  await refused(binary, ":1: a line is at most 65536 bytes long, got more");
});

test("a writer that fails leaves the old file", async () => {
  const file = writeSample("kept.csv", "old");
  const sample = sampleDataset(900);
  const fail = () => {
    throw new Error("stop here");
  };
  await rejects(() => writeKaggleCsv(sample, file, fail), Error, "stop here");
  assert.is(readFileSync(file, "utf8"), "old");
  assert.equal(readdirSync(dirname(file)), ["kept.csv"]);
  const wide = { ...sample, height: 14, width: 56 };
  await rejects(
    () => writeKaggleCsv(wide, file),
    FormatError,
    `${file}: this CSV holds images of (28, 28, 1), got (14, 56, 1)`,
  );
});

test("what a killed writer left is removed, what a live one writes is not", async () => {
  const file = join(temporaryFolder(), "sample.csv");
  const [dead, live] = [`${file}.4194305.part`, `${file}.0123abcd.part`];
  writeFileSync(dead, "half");
  const lock = createLocked(live);
  assert.ok(lock !== null);
  await writeKaggleCsv(sampleDataset(1), file);
  assert.not(existsSync(dead));
  assert.ok(existsSync(live));
});

test.run();
