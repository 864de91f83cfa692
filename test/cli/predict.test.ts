// `npm run predict` as a process, after a training on a folder of pictures: one picture, several, folders, broken ones; and the road
// from pictures to a report.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("predict");

/** Mostly red, green or blue, with noise of its own; 40 × 48. */
function colourful(channel: number, seed: number): Buffer {
  const image = new PNG({ width: 48, height: 40 });
  for (let i = 0; i < 48 * 40; i++) {
    for (let c = 0; c < 3; c++) {
      const noise = (i * 7 + seed * 31 + c * 13) % 50;
      image.data[4 * i + c] = (c === channel ? 180 : 40) + noise;
    }
    image.data[4 * i + 3] = 255;
  }
  return PNG.sync.write(image);
}

const CLASSES = ["blue", "green", "red"];

function pictures(): string {
  const folder = temporaryFolder();
  for (const [part, count] of [
    ["train", 12],
    ["test", 3],
  ] as const) {
    for (const [label, name] of CLASSES.entries()) {
      const into = join(folder, part, name);
      mkdirSync(into, { recursive: true });
      for (let i = 0; i < count; i++) {
        writeFileSync(join(into, `${i}.png`), colourful(2 - label, i + count));
      }
    }
  }
  return folder;
}

const data = pictures();
const run = join(temporaryFolder(), "run");

const lastJson = (stdout: string) => JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");

async function predicted(args: readonly string[], code = 0) {
  const ended = await runToEnd("predict", [run, ...args, "--json"]);
  assert.is(ended.code, code, ended.stderr);
  return lastJson(ended.stdout);
}

test("pictures in folders are trained on, scored and reported", async () => {
  const flags = ["--data", data, "--epochs", "6", "--batch-size", "6", "--validation", "0.2"];
  const trained = await runToEnd("train", [...flags, "--out", run, "--json"]);
  assert.is(trained.code, 0, trained.stderr);
  const config = JSON.parse(readFileSync(join(run, "config.json"), "utf8"));
  assert.equal(config.classNames, CLASSES);
  assert.equal(config.data.shape, [40, 48, 3]);
  const { classes, channels, preprocessing } = config.model;
  assert.equal([classes, channels, preprocessing], [3, 3, "resized"]);
  const scored = await runToEnd("evaluate", [run, "--data", data, "--json"]);
  assert.is(scored.code, 0, scored.stderr);
  assert.is(lastJson(scored.stdout).accuracy, 1);
  const report = await runToEnd("report", [run, "--data", data]);
  assert.is(report.code, 0, report.stderr);
});

test("one picture, with what the network sees", async () => {
  const file = join(data, "test", "red", "0.png");
  const { stdout, code, stderr } = await runToEnd("predict", [run, file]);
  assert.is(code, 0, stderr);
  // Half as many lines as rows, none of them empty.
  assert.match(stdout, /\n( *[-.:=+*#%@][ .:=+*#%@-]*\n){20}/);
  assert.match(stdout, /\nred +█/);
  const found = await predicted([file]);
  assert.equal([found.predicted, found.prepare, found.negated], ["red", "none", false]);
  assert.equal(found.shape, [40, 48, 3]);
  assert.is((await predicted([file, "--invert", "yes"])).negated, true);
});

test("files, folders and JPEG together; a broken one in a folder is passed over", async () => {
  const folder = temporaryFolder();
  const fixture = (name: string) =>
    readFileSync(new URL(`../fixtures/pictures/${name}`, import.meta.url));
  writeFileSync(join(folder, "a.jpg"), fixture("rgb.jpg"));
  writeFileSync(join(folder, "b.webp"), fixture("lossy.webp"));
  const files = [join(data, "test", "green", "1.png"), join(data, "test", "blue")];
  const found = await predicted([...files, folder]);
  const guesses = found.pictures.map(({ predicted }: { predicted: string }) => predicted);
  assert.equal(guesses.slice(0, 4), ["green", "blue", "blue", "blue"]);
  assert.is(guesses.length, 6);
  writeFileSync(join(folder, "c.jpg"), fixture("cmyk.jpg"));
  assert.is((await predicted([folder], 2)).pictures.length, 2);
});

test("what cannot be shown", async () => {
  const refused = async (args: readonly string[], message: RegExp) => {
    const { code, stderr } = await runToEnd("predict", [run, ...args]);
    assert.is(code, 2);
    assert.match(stderr, message);
  };
  const file = join(data, "test", "red", "0.png");
  await refused(
    [file, "--prepare", "fashion"],
    /--prepare: fashion makes 28×28 grey images, got a network of 40×48×3/,
  );
  const empty = temporaryFolder();
  await refused([empty], /must hold pictures \(PNG, JPEG or WebP\), got none/);
  const cut = join(temporaryFolder(), "cut.jpg");
  writeFileSync(cut, "\xff\xd8\xff");
  await refused([file, cut], /cut\.jpg: must be a PNG/);
});

test("data of other classes and shapes is refused by a trained model", async () => {
  const two = temporaryFolder();
  for (const name of ["x", "y"]) {
    mkdirSync(join(two, name));
    for (const i of [1, 2, 3]) writeFileSync(join(two, name, `${i}.png`), colourful(0, i));
  }
  const { code, stderr } = await runToEnd("evaluate", [run, "--data", two]);
  assert.is(code, 2);
  assert.match(stderr, /--data: must have the 3 classes that the model tells apart, got 2/);
});

test("a first look names broken pictures; a training refuses them and leaves nothing", async () => {
  const folder = temporaryFolder();
  for (const [label, name] of CLASSES.entries()) {
    mkdirSync(join(folder, name));
    for (let i = 0; i < 4; i++) writeFileSync(join(folder, name, `${i}.png`), colourful(label, i));
  }
  writeFileSync(join(folder, "red", "cut.png"), colourful(0, 1).subarray(0, 99));
  const out = join(temporaryFolder(), "look");
  const look = await runToEnd("data", ["--data", folder, "--out", out, "--drop-missing"]);
  assert.is(look.code, 0, look.stderr);
  assert.match(look.stdout, /images +40×48×3\n/);
  assert.match(look.stdout, /pictures that cannot be read\n {2}.*cut\.png: the PNG must be whole/);
  const strict = await runToEnd("train", ["--data", folder, "--out", join(out, "run")]);
  assert.is(strict.code, 2);
  assert.match(
    strict.stderr,
    /^error: .*cut\.png: the PNG must be whole.*\nhelp: .*--drop-missing/,
  );
});

test.run();
