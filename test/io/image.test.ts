// PNG in, 28 x 28 grey out: exact values on small pictures, and refusals for what is no picture.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { PNG } from "pngjs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError } from "../../src/engine/core/errors.ts";
import { areaResize, decodePng, readImage, toModelImage } from "../../src/io/image.ts";
import { inFolder, refusalOf } from "./folder.ts";

const test = suite("image");

type Paint = (x: number, y: number) => [r: number, g: number, b: number, a: number];

function png(width: number, height: number, paint: Paint): Buffer {
  const image = new PNG({ width, height });
  for (let i = 0; i < width * height; i++) {
    image.data.set(paint(i % width, Math.floor(i / width)), 4 * i);
  }
  return PNG.sync.write(image);
}

const grey = (value: number): [number, number, number, number] => [value, value, value, 255];

test("a 28 x 28 picture with a dark border comes through untouched", () => {
  const value = (x: number, y: number): number =>
    x + y === 0 || x > 26 ? 0 : (7 * x + 3 * y) % 100;
  const image = decodePng(
    png(28, 28, (x, y) => grey(value(x, y))),
    "a.png",
  );
  const { pixels, inverted } = toModelImage(image);
  assert.is(inverted, false);
  for (let i = 0; i < 784; i++) assert.is(pixels[i], value(i % 28, Math.floor(i / 28)));
});

test("colour becomes luma, transparency becomes white paper", () => {
  const colours: [number, number, number, number][] = [
    [255, 0, 0, 255],
    [0, 255, 0, 255],
    [0, 0, 255, 255],
    [0, 0, 0, 0],
    [0, 0, 0, 51],
  ];
  const { pixels } = decodePng(
    png(5, 1, (x) => colours[x] ?? grey(0)),
    "a.png",
  );
  assert.equal([...pixels], [76, 150, 29, 255, 204]);
});

test("a bright border means a bright background, and the picture is negated", () => {
  const dark = (x: number, y: number): boolean => x > 4 && x < 20 && y > 4;
  const shirt = png(28, 28, (x, y) => grey(dark(x, y) ? 55 : 255));
  const { pixels, inverted } = toModelImage(decodePng(shirt, "a.png"));
  assert.is(inverted, true);
  assert.equal([pixels[0], pixels[28 * 10 + 10]], [0, 200]);
  const kept = toModelImage(decodePng(shirt, "a.png"), { invert: "never" });
  assert.equal([kept.inverted, kept.pixels[0]], [false, 255]);
});

test("an object that touches the edge does not make a background", () => {
  const trousers = png(28, 28, (x) => grey(x > 8 && x < 19 ? 255 : 0));
  assert.is(toModelImage(decodePng(trousers, "a.png")).inverted, false);
});

test("shrinking takes the mean over the area", () => {
  const image = { width: 4, height: 2, pixels: Uint8Array.of(0, 100, 10, 10, 200, 100, 30, 50) };
  assert.equal([...areaResize(image, 2, 1)], [100, 25]);
  const row = { width: 3, height: 1, pixels: Uint8Array.of(0, 90, 240) };
  assert.equal([...areaResize(row, 2, 1)], [30, 190]);
  assert.equal([...areaResize(row, 6, 1)], [0, 0, 90, 90, 240, 240]);
});

test("the aspect ratio is kept on black, odd rows to the bottom", () => {
  const wide = { width: 56, height: 30, pixels: new Uint8Array(56 * 30).fill(100) };
  const { pixels, width, height } = toModelImage(wide, { invert: "never" });
  assert.equal([width, height], [56, 30]);
  const rows = Array.from({ length: 28 }, (_, y) => pixels[y * 28 + 5]);
  const expected = Array.from({ length: 28 }, (_, y) => (y >= 6 && y < 21 ? 100 : 0));
  assert.equal(rows, expected);
  const line = { width: 300, height: 1, pixels: new Uint8Array(300).fill(50) };
  const thin = toModelImage(line).pixels;
  assert.is(
    thin.reduce((sum, value) => sum + value, 0),
    28 * 50,
  );
});

test("reads a file", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "a.png");
    await writeFile(
      path,
      png(100, 50, () => grey(250)),
    );
    const { width, height, inverted, pixels } = await readImage(path);
    assert.equal([width, height, inverted, pixels.length], [100, 50, true, 784]);
    assert.match(await refusalOf(readImage(join(folder, "none.png"))), "none.png: no such file");
    assert.match(await refusalOf(readImage(folder)), "must be a PNG file");
  });
});

function refused(bytes: Uint8Array, rule: string): void {
  const matches = (error: Error): boolean =>
    error instanceof FormatError &&
    error.message.startsWith("x.png: ") &&
    error.message.includes(rule);
  assert.throws(() => decodePng(bytes, "x.png"), matches, rule);
}

test("what is not a PNG is refused by name", () => {
  refused(new Uint8Array(0), "got an empty file");
  refused(Buffer.from("\xff\xd8\xff\xe0 JFIF", "latin1"), "got a JPEG");
  refused(Buffer.from("RIFF....WEBPVP8 "), "got a WebP");
  refused(Buffer.from("<svg></svg>"), "got something else");
});

test("every truncation is refused", () => {
  const whole = png(9, 9, (x, y) => grey(x * y));
  for (let length = 1; length < whole.length; length++) {
    assert.throws(() => decodePng(whole.subarray(0, length), "x.png"), /^x\.png: /);
  }
});

test("damage is refused", () => {
  const whole = png(9, 9, (x, y) => grey(x * y));
  const damaged = Buffer.from(whole);
  damaged.writeUInt8(whole.readUInt8(50) ^ 0xff, 50);
  refused(damaged, "must be a sound PNG");
});

/** The picture with other claims in its header, its checksum not mended: the claim alone must be refused. */
function claiming(width: number, height: number): Buffer {
  const bytes = png(2, 2, () => grey(0));
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
}

test("sizes of nothing and of far too much are refused before memory is taken", () => {
  refused(claiming(0, 5), "the picture must have pixels, got 0 x 5");
  refused(claiming(2 ** 31 - 1, 2 ** 31 - 1), "must be at most 32 mebipixels, got 2147483647");
  refused(claiming(100_000, 100_000), "got 100000 x 100000");
});

test("an interlaced picture cannot inflate without limit", () => {
  const plain = png(2, 2, () => grey(0));
  plain.writeUInt8(1, 28);
  const data = deflateSync(Buffer.alloc(4 << 20));
  const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from("IDAT"), data, Buffer.alloc(4)]);
  chunk.writeUInt32BE(data.length, 0);
  refused(
    Buffer.concat([plain.subarray(0, 33), chunk, plain.subarray(-12)]),
    "pixel data must fit",
  );
});

test.run();
