// PNG in, 28 x 28 grey out: exact values on small pictures, and refusals for what is no picture.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { PNG } from "pngjs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError } from "../../src/engine/core/errors.ts";
import { areaResize } from "../../src/io/area-resize.ts";
import { decodePng } from "../../src/io/decode-png.ts";
import { readImage } from "../../src/io/image.ts";
import { type ModelImage, type ReadImageOptions, toModelImage } from "../../src/io/model-image.ts";
import { greyOf } from "../../src/io/picture.ts";
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

const shown = (bytes: Buffer, options?: ReadImageOptions): ModelImage => {
  const image = toModelImage(decodePng(bytes, "a.png"), options);
  assert.ok(image, "there is something to see");
  return image as ModelImage;
};

test("a 28 x 28 picture with a dark border comes through untouched", () => {
  const value = (x: number, y: number): number =>
    x + y === 0 || x > 26 ? 0 : (7 * x + 3 * y) % 100;
  const { pixels, inverted, trimmed } = shown(png(28, 28, (x, y) => grey(value(x, y))));
  assert.equal([inverted, trimmed], [false, null]);
  for (let i = 0; i < 784; i++) assert.is(pixels[i], value(i % 28, Math.floor(i / 28)));
});

test("colour becomes luma", () => {
  const colours: [number, number, number, number][] = [
    [255, 0, 0, 255],
    [0, 255, 0, 255],
    [0, 0, 255, 255],
    [9, 9, 9, 0],
  ];
  const picture = decodePng(
    png(4, 1, (x) => colours[x] ?? grey(0)),
    "a.png",
  );
  assert.equal([...greyOf(picture)], [76, 150, 29, 9]);
});

test("a bright border means a bright background, and the picture is negated", () => {
  const dark = (x: number, y: number): boolean => x > 4 && x < 20 && y > 4;
  const shirt = png(28, 28, (x, y) => grey(dark(x, y) ? 55 : 255));
  const { pixels, inverted } = shown(shirt);
  assert.is(inverted, true);
  assert.equal([pixels[0], pixels[28 * 10 + 10]], [0, 200]);
  const onWhite = shown(shirt, { background: "light" }).pixels;
  assert.equal([onWhite[0], onWhite[28 * 10 + 10]], [255, 55]);
});

test("an object that touches the edge does not make a background", () => {
  assert.is(shown(png(28, 28, (x) => grey(x > 8 && x < 19 ? 255 : 0))).inverted, false);
});

/** A garment of 40 x 56 at (30, 20), a darker band across it, in a picture of 120 x 100. */
const garment = (x: number, y: number): "none" | "cloth" | "band" => {
  if (x < 30 || x >= 70 || y < 20 || y >= 76) return "none";
  return y >= 40 && y < 50 ? "band" : "cloth";
};

test("a margin is trimmed, whatever its shade, and the longest side becomes 28", () => {
  const looks = [
    { behind: 255, cloth: 40, band: 120 },
    { behind: 230, cloth: 30, band: 110 },
    { behind: 128, cloth: 10, band: 60 },
    { behind: 128, cloth: 250, band: 200 },
    { behind: 0, cloth: 240, band: 150 },
    { behind: 30, cloth: 220, band: 140 },
  ];
  for (const { behind, cloth, band } of looks) {
    const bytes = png(120, 100, (x, y) => {
      // A wall is never even.
      const noise = behind === 255 || behind === 0 ? 0 : ((x * 31 + y * 17) % 11) - 5;
      return grey({ none: behind + noise, cloth, band }[garment(x, y)]);
    });
    const { pixels, trimmed, inverted } = shown(bytes);
    assert.equal(trimmed, { width: 40, height: 56 }, `${behind}`);
    assert.is(inverted, cloth < behind);
    const at = (x: number, y: number): number => pixels[28 * y + x] ?? -1;
    assert.equal([at(0, 10), at(3, 14), at(24, 14)], [0, 0, 0], `${behind}`);
    assert.ok(at(14, 2) > at(14, 12) && at(14, 12) > 60, `${behind}: ${at(14, 2)} ${at(14, 12)}`);
    assert.ok(at(14, 2) > 180, `${behind}: ${at(14, 2)}`);
  }
});

test("what is transparent is background, whatever the garment's shade and the colour under it", () => {
  for (const [cloth, band, under] of [
    [250, 180, 255],
    [250, 180, 0],
    [20, 80, 255],
    [20, 80, 0],
  ] as const) {
    const bytes = png(120, 100, (x, y) => {
      const value = { none: under, cloth, band }[garment(x, y)];
      return [value, value, value, garment(x, y) === "none" ? 0 : 255];
    });
    const { pixels, trimmed, inverted } = shown(bytes);
    assert.equal([trimmed, inverted], [{ width: 40, height: 56 }, cloth < 128]);
    assert.equal([pixels[28 * 14 + 2], pixels[28 * 2 + 14]], [0, cloth < 128 ? 235 : 250]);
  }
});

test("in a picture of one colour, or of none, there is nothing to see", () => {
  for (const paint of [
    () => grey(255),
    () => grey(0),
    (x: number, y: number) => grey(128 + ((x + y) % 3)),
    (): [number, number, number, number] => [200, 30, 30, 0],
  ]) {
    for (const [width, height] of [
      [28, 28],
      [90, 60],
    ] as const) {
      assert.is(toModelImage(decodePng(png(width, height, paint), "a.png")), null);
    }
  }
});

test("shrinking takes the mean over the area", () => {
  const image = { width: 4, height: 2, pixels: Uint8Array.of(0, 100, 10, 10, 200, 100, 30, 50) };
  assert.equal([...areaResize(image, 2, 1)], [100, 25]);
  const row = { width: 3, height: 1, pixels: Uint8Array.of(0, 90, 240) };
  assert.equal([...areaResize(row, 2, 1)], [30, 190]);
  assert.equal([...areaResize(row, 6, 1)], [0, 0, 90, 90, 240, 240]);
});

test("the aspect ratio is kept on black, odd rows to the bottom", () => {
  const wide = png(58, 32, (x, y) => grey(x > 0 && x < 57 && y > 0 && y < 31 ? 100 : 0));
  const { pixels, width, height } = shown(wide);
  assert.equal([width, height], [58, 32]);
  const rows = Array.from({ length: 28 }, (_, y) => pixels[y * 28 + 5]);
  const expected = Array.from({ length: 28 }, (_, y) => (y >= 6 && y < 21 ? 100 : 0));
  assert.equal(rows, expected);
});

test("reads a file", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "a.png");
    await writeFile(
      path,
      png(100, 50, (x) => grey(x > 40 && x < 60 ? 9 : 250)),
    );
    const { width, height, inverted, pixels } = await readImage(path);
    assert.equal([width, height, inverted, pixels.length], [100, 50, true, 784]);
    assert.match(await refusalOf(readImage(join(folder, "none.png"))), "none.png: no such file");
    assert.match(await refusalOf(readImage(folder)), "must be a picture file");
    await writeFile(
      path,
      png(9, 9, () => grey(250)),
    );
    const blank = "a.png: must show something, got a picture of one colour";
    assert.match(await refusalOf(readImage(path)), blank);
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
  refused(new Uint8Array(0), "must be a PNG");
  refused(Buffer.from("\xff\xd8\xff\xe0 JFIF", "latin1"), "must be a PNG");
  refused(Buffer.from("<svg></svg>"), "must be a PNG");
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
  refused(
    claiming(2 ** 31 - 1, 2 ** 31 - 1),
    "must be at most 32 mebipixels, and 20000 a side, got 2147483647",
  );
  refused(claiming(100_000, 100_000), "got 100000 x 100000");
  // 65 KB that would be a picture of one column.
  refused(claiming(1, 2 ** 25), "and 20000 a side, got 1 x 33554432");
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
