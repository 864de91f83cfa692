// Files of a person's that cannot be used, in the commands that are given them: pictures, folders of classes, arrays, CSVs, models. One
// line that names the file, exit code 2, nothing left behind.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { PNG } from "pngjs";
import { suite } from "uvu";
import { npy, writeNpz } from "../data/array-files.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { allRefused, type Case, trainRefused } from "./refused.ts";

const test = suite("bad files");
const fixture = (path: string): string =>
  fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));
const picture = (name: string): Buffer => readFileSync(fixture(`pictures/${name}`));
const NET = fixture("compiled/sgd-3.12.0.keras");

function colour(shade: number): Buffer {
  const image = new PNG({ width: 4, height: 4 });
  image.data.fill(shade);
  return PNG.sync.write(image);
}

function folderOf(files: Readonly<Record<string, Uint8Array>>): string {
  const folder = temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

/** It says that it is 65,535 pixels wide. */
function huge(): Buffer {
  const bytes = picture("rgb.jpg");
  bytes.writeUInt16BE(65_535, bytes.indexOf(Buffer.from([0xff, 0xc0])) + 5 + 2);
  return bytes;
}

const PICTURES: readonly (readonly [name: string, bytes: Buffer, says: string])[] = [
  ["cut.jpg", picture("rgb.jpg").subarray(0, 500), "must be .*"],
  [
    "text.png",
    Buffer.from("no picture"),
    "must be a PNG, JPEG or WebP picture, got something else",
  ],
  [
    "deep.png",
    picture("deep.png"),
    "must be a still picture of 8 bits, .*, got one of 16 bits a channel",
  ],
  ["moving.webp", picture("animated.webp"), "must be a still picture .*, got an animated one"],
  ["moving.png", picture("animated.png"), "must be a still picture .*, got an animated one"],
  ["print.jpg", picture("cmyk.jpg"), "must be a still picture .*, got one of CMYK, for print"],
  ["huge.jpg", huge(), "must be at most 32 mebipixels, .*, got 65535 x 14"],
];

test("a picture that is broken, of 16 bits, animated, for print or huge: predict", async () => {
  const folder = folderOf(Object.fromEntries(PICTURES.map(([name, bytes]) => [name, bytes])));
  const cases = PICTURES.map(([name, , says]): Case => {
    return [[NET, join(folder, name)], new RegExp(`error: .*/${name}: ${says}\n`)];
  });
  await allRefused("predict", cases);
});

test("the same among a class's pictures: train", async () => {
  const sound = Object.fromEntries(
    ["a", "b"].flatMap((name, label) =>
      Array.from({ length: 4 }, (_, i) => [`${name}/${i}.png`, colour(40 * i + label)]),
    ),
  );
  const cases = PICTURES.map(([name, bytes, says]): Case => {
    const folder = folderOf({ ...sound, [`b/${name}`]: bytes });
    return [["--data", folder], new RegExp(`error: .*/b/${name}: ${says}\n`)];
  });
  const empty = folderOf({ ...sound, "c/notes.txt": Buffer.from("x") });
  await trainRefused([
    ...cases,
    [
      ["--data", empty],
      /\/c: a class's folder must hold pictures \(PNG, JPEG or WebP\), got notes/,
    ],
  ]);
});

test("labels that leave out a number, and arrays of objects", async () => {
  const x = npy("|u1", [4, 2, 2], new Uint8Array(16));
  const y = npy("|u1", [4], Uint8Array.of(0, 2, 0, 2));
  const gaps = await writeNpz({ x_train: x, y_train: y, x_test: x, y_test: y });
  const objects = npy("|O", [4], Buffer.from("\x80\x04N.", "latin1"));
  const pickled = await writeNpz({ x_train: objects, y_train: y, x_test: x, y_test: y });
  const csv = join(temporaryFolder(), "gaps.csv");
  writeFileSync(csv, `label,a,b,c,d\n${["1,1,2,3,4", "3,5,6,7,8", "1,9,9,9,9"].join("\n")}\n`);
  await trainRefused([
    [["--data", gaps], /\.npz: y_train: labels must be 0 to 2, each of them there, got none of 1/],
    [["--data", pickled], /\.npz: x_train: must hold numbers, got an array of objects/],
    [
      ["--data", csv, "--label-column", "label"],
      /gaps\.csv: labels must be 0 to 3, each of them there, got none of 0/,
    ],
  ]);
});

test("a program that throws, and a network with a layer that is not there", async () => {
  const throwing = join(temporaryFolder(), "throws.ts");
  writeFileSync(throwing, 'throw new Error("not today");\nexport {};\n');
  const files = unzipSync(readFileSync(NET));
  const config = strFromU8(files["config.json"] ?? new Uint8Array());
  const other = config.replace('"class_name": "Flatten"', '"class_name": "LSTM"');
  const unknown = join(temporaryFolder(), "unknown.keras");
  writeFileSync(unknown, zipSync({ ...files, "config.json": strToU8(other) }));
  const cases: readonly Case[] = [
    [["--model", throwing], /error: --model: .*throws\.ts must load, got Error: not today\n/],
    [
      ["--model", unknown],
      /error: .*unknown\.keras: layer flat must be of a known class, got LSTM at position 1\nhelp: .*Conv2D/,
    ],
  ];
  await trainRefused(cases);
  for (const command of ["summary", "verify", "kfold"]) await allRefused(command, cases);
});

test.run();
