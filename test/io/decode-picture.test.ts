// JPEG, WebP and PNG against what Pillow decodes of the same files (fixtures/pictures/make.py), and refusals by name.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { decodePicture } from "../../src/io/decode-picture.ts";
import { orientationOf, uprightSize } from "../../src/io/exif-orientation.ts";
import { pictureFormat, pictureHeader } from "../../src/io/picture-header.ts";
import { resizePicture } from "../../src/io/resize-picture.ts";
import { refusalOf } from "./folder.ts";

const test = suite("decode-picture");

const bytesOf = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/pictures/${name}`, import.meta.url));

interface Decoded {
  readonly width: number;
  readonly height: number;
  readonly rgb: readonly number[];
}
const PILLOW: Readonly<Record<string, Decoded>> = JSON.parse(bytesOf("pixels.json").toString());

/** JPEG's inverse transform and colours are rounded in other places; 4:4:4 keeps that small. WebP is the same library. */
const MOST: Readonly<Record<string, number>> = { JPEG: 3, WebP: 0, PNG: 0 };

for (const [name, { width, height, rgb }] of Object.entries(PILLOW)) {
  test(`${name}, as Pillow has it`, async () => {
    const bytes = bytesOf(name);
    const header = pictureHeader(bytes, name);
    assert.equal(uprightSize(bytes, header), { width, height });
    const picture = await decodePicture(bytes, name);
    const got = resizePicture(picture, height, width).rgb;
    const apart = rgb.reduce((most, v, i) => Math.max(most, Math.abs(v - (got[i] ?? -1))), 0);
    const most = MOST[pictureFormat(bytes) ?? ""] ?? -1;
    assert.ok(apart <= most, `${apart} of 255 apart, at most ${most}`);
  });
}

test("what is transparent keeps its colour; grey is told from its channels", async () => {
  const picture = await decodePicture(bytesOf("alpha.webp"), "alpha.webp");
  assert.is(picture.rgba[3], 128);
  assert.is(resizePicture(picture, 7, 10).isGrey, false);
  const grey = await decodePicture(bytesOf("grey.jpg"), "grey.jpg");
  assert.is(resizePicture(grey, 7, 10).isGrey, true);
});

test("an orientation that is none counts as upright", async () => {
  const bytes = bytesOf("turned-6.jpg");
  const header = pictureHeader(bytes, "turned-6.jpg");
  const at = bytes.indexOf(Buffer.from([0x01, 0x12, 0x00, 0x03])) + 8;
  assert.is(orientationOf(bytes, header), 6);
  for (const wrong of [0, 9, 0x0600]) {
    bytes.writeUInt16BE(wrong, at);
    assert.is(orientationOf(bytes, header), 1);
  }
});

test("half the size is the mean of fours", async () => {
  const picture = await decodePicture(bytesOf("lossless.webp"), "a.webp");
  const { rgb } = resizePicture(picture, 7, 10);
  const at = (x: number, y: number, c: number) => picture.rgba[4 * (20 * y + x) + c] ?? 0;
  for (const [x, y, c] of [
    [0, 0, 0],
    [9, 6, 1],
    [4, 3, 2],
  ] as const) {
    const [l, t] = [2 * x, 2 * y];
    const mean = (at(l, t, c) + at(l + 1, t, c) + at(l, t + 1, c) + at(l + 1, t + 1, c)) / 4;
    assert.ok(Math.abs((rgb[3 * (10 * y + x) + c] ?? 0) - mean) <= 0.5);
  }
});

test("kinds that are refused, by name", () => {
  const says = (name: string, message: string) =>
    assert.throws(
      () => pictureHeader(bytesOf(name), name),
      (error: Error) => error.message === `${name}: ${message}`,
    );
  const rule = "must be a still picture of 8 bits, grey or RGB, got";
  says("cmyk.jpg", `${rule} one of CMYK, for print`);
  says("animated.webp", `${rule} an animated one`);
  says("animated.png", `${rule} an animated one`);
  says("deep.png", `${rule} one of 16 bits a channel`);
  says("make.py", "must be a PNG, JPEG or WebP picture, got something else");
  const starts = { "a GIF": "GIF89a", "a BMP": "BM", "an empty file": "" };
  for (const [got, start] of Object.entries(starts)) {
    assert.throws(() => pictureHeader(Buffer.from(start), "a"), new RegExp(`picture, got ${got}$`));
  }
});

test("sizes that a file only claims", () => {
  const claim = (name: string, edit: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.from(bytesOf(name));
    edit(bytes);
    return bytes;
  };
  const frame = bytesOf("rgb.jpg").indexOf(Buffer.from([0xff, 0xc0]));
  const huge = claim("rgb.jpg", (bytes) => bytes.writeUInt16BE(65_535, frame + 5));
  assert.throws(() => pictureHeader(huge, "a"), /a: must be at most 32 mebipixels.*got 20 x 65535/);
  const wide = claim("lossy.webp", (bytes) => bytes.writeUInt16LE(0x3fff, 26));
  assert.throws(
    () => pictureHeader(claim("lossy.webp", () => undefined).subarray(0, 20), "a"),
    /a: the WebP must be whole/,
  );
  assert.is(pictureHeader(wide, "a").width, 0x3fff);
});

test("every prefix of a sound file is refused, or decoded to its size", async () => {
  for (const name of ["rgb.jpg", "progressive.jpg", "lossy.webp", "lossless.webp"]) {
    const bytes = bytesOf(name);
    for (let length = 0; length < bytes.length - 2; length += 7) {
      const got = await decodePicture(bytes.subarray(0, length), name).catch((error) => error);
      if (got instanceof Error) assert.match(got.message, new RegExp(`^${name}: `));
      else assert.equal([got.width, got.height], [20, 14]);
    }
    const message = await refusalOf(decodePicture(bytes.subarray(0, bytes.length >> 1), name));
    assert.match(message, `${name}: `);
  }
});

test.run();
