// Bad input to the real commands: one line that names the file (and row) or the flag, exit code 2, nothing left behind.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { writeKaggleCsv } from "../../src/data/csv.ts";
import { variablesOf } from "../../src/engine/layers/model.ts";
import { writeSafetensors } from "../../src/io/safetensors.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { namedTensors } from "../../src/train/named-tensors.ts";
import { sampleDataset, temporaryFolder } from "../data/sample-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { allRefused, trainRefused } from "./refused.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("bad input");
const data = smallIdxFolder({ train: 240, test: 60 });

test("flags", async () => {
  const set = ["--data", data];
  await trainRefused([
    [["--epoch", "3"], /--epoch: is not a flag of this command\nhelp: did you mean --epochs\?/],
    [["--batch-size", "0"], /--batch-size: must be a whole number of at least 1, got 0/],
    [[...set, "--batch-size", "229"], /--batch-size: must be at most the 228 rows .*, got 229/],
    [["--learning-rate", "nan"], /--learning-rate: must be a number above 0, got nan/],
    [
      [...set, "--limit", "30"],
      /--validation: 0.05 of 30 rows cannot be held out.*\nhelp: .*--limit/,
    ],
  ]);
});

test("a rate at which training diverges", async () => {
  const flags = ["--data", data, "--learning-rate", "1e30", "--validation", "0"];
  await trainRefused([[flags, /--learning-rate: the loss became NaN .* epoch 1\nhelp: .*lower/]]);
});

test("places that are no new folder", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "file");
  writeFileSync(file, "precious");
  await trainRefused([
    [["--out", file], /--out: must be a folder, got the file/],
    [["--out", join(file, "below")], /--out: must be a folder that can be written.*ENOTDIR/],
    [["--out", folder], /--out: the folder must be new or empty, got .* with 1 entry/],
    ...(process.platform === "linux"
      ? [[["--out", "/proc/no/run"], /--out: must be a folder that can be written/] as const]
      : []),
  ]);
  assert.is(readFileSync(file, "utf8"), "precious");
});

test("data that is missing, cut short, empty or of another size", async () => {
  const broken = (name: string, edit: (bytes: Buffer) => Buffer): string[] => {
    const folder = smallIdxFolder({ train: 20, test: 10 });
    const file = join(folder, name);
    writeFileSync(file, edit(readFileSync(file)));
    return ["--data", folder];
  };
  const wide = (bytes: Buffer): Buffer => {
    bytes.writeUInt32BE(14, 8);
    bytes.writeUInt32BE(56, 12);
    return bytes;
  };
  const ofClassTen = (bytes: Buffer): Buffer => {
    bytes.writeUInt8(10, bytes.length - 1);
    return bytes;
  };
  await trainRefused([
    [["--data", "/no/such/data"], /--data: must be a file or a folder, got \/no\/such\/data/],
    [["--data", temporaryFolder()], /must hold the four IDX files .*, got none of them/],
    [
      broken("train-images-idx3-ubyte", (bytes) => bytes.subarray(0, -1)),
      /train-images-idx3-ubyte: .*15680 bytes of data, got 15679\nhelp: .*cut short/,
    ],
    [broken("t10k-labels-idx1-ubyte", () => Buffer.alloc(0)), /t10k-labels.*: the file is empty/],
    [broken("train-labels-idx1-ubyte", ofClassTen), /got 10 in row 19/],
    [broken("train-images-idx3-ubyte", wide), /must be of 28×28 pixels, got 14×56/],
  ]);
});

test("rows of a CSV, by file and line", async () => {
  const whole = join(temporaryFolder(), "fashion-mnist_train.csv");
  await writeKaggleCsv(sampleDataset(20), whole);
  const lines = readFileSync(whole, "utf8").trimEnd().split("\n");
  const edited = (line: number, edit: (text: string) => string): string[] => {
    const folder = temporaryFolder();
    const texts = lines.map((text, i) => (i === line - 1 ? edit(text) : text));
    writeFileSync(join(folder, "fashion-mnist_train.csv"), `${texts.join("\n")}\n`);
    writeFileSync(join(folder, "fashion-mnist_test.csv"), readFileSync(whole));
    return ["--data", folder];
  };
  await trainRefused([
    [edited(1, (text) => text.replace("pixel7,", "pixl7,")), /_train\.csv:1: the header must read/],
    [edited(5, (text) => text.replace(/,\d+$/, "")), /_train\.csv:5: a row must have 785 values/],
    [edited(6, (text) => text.replace(/^\d/, "10")), /_train\.csv:6: label must be .* 0 to 9/],
    [edited(7, (text) => text.replace(/\d+$/, "256")), /_train\.csv:7: pixel784 must be .*"256"/],
  ]);
});

/** A run as `train` saves it, with initial weights; `units` other than the model's make it one of another shape. */
async function savedRun({ units = 84, spoilt = false } = {}): Promise<string> {
  const folder = temporaryFolder();
  const variables = variablesOf(lenet5({ units: [120, units] }));
  const weights = namedTensors(variables, variables.initialWeights());
  if (spoilt) weights.at(-2)?.data.fill(Number.NaN, 4, 6);
  await writeSafetensors(join(folder, "weights.safetensors"), weights);
  const classNames = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  const rest = { training: {}, data: {}, adapter: "any" };
  const config = { format: 1, model: { name: "lenet5" }, classNames, ...rest };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  return folder;
}

async function damaged(name: string, edit: (text: string) => string): Promise<readonly string[]> {
  const folder = await savedRun();
  const file = join(folder, name);
  writeFileSync(file, edit(readFileSync(file, "latin1")), "latin1");
  return [folder, "--data", data];
}

test("a run that is none, is damaged, or is not of one piece", async () => {
  await allRefused("evaluate", [
    [["runs/none"], /RUN: must be the folder of a saved run, got runs\/none without config\.json/],
    [await damaged("config.json", () => "{"), /config\.json: must be JSON/],
    [
      await damaged("config.json", (text) => text.replace("lenet5", "vgg99")),
      /config\.json: model\.name: must be one of .*, got "vgg99"/,
    ],
    [
      await damaged("weights.safetensors", (text) => text.slice(0, -9)),
      /weights\.safetensors: .*must end inside the file/,
    ],
    [
      await damaged("weights.safetensors", (text) => `${text.slice(0, -1)}~`),
      /weights\.safetensors: .*sha256/,
    ],
    [
      [await savedRun({ units: 80 }), "--data", data],
      /weights\.safetensors: dense_1\/kernel: must be of shape \(120, 84\), got \(120, 80\)/,
    ],
  ]);
});

test("weights that are no numbers are believed by nobody, and the first is named", async () => {
  const spoilt = await savedRun({ spoilt: true });
  const message =
    /weights\.safetensors: weights must be finite numbers, got NaN at 4 of dense_2\/kernel, and so 2 of its 840\n/;
  await allRefused("evaluate", [[[spoilt, "--data", data], message]]);
  await allRefused("predict", [[[spoilt, "a.png"], message]]);
  await allRefused("export", [[[spoilt, "--to", join(temporaryFolder(), "a.keras")], message]]);
});

test("a picture that is none", async () => {
  const run = await savedRun();
  const folder = temporaryFolder();
  const text = join(folder, "a.png");
  writeFileSync(text, "not a picture");
  mkdirSync(join(folder, "b.png"));
  await allRefused("predict", [
    [[run, text], /a\.png: must be a PNG, JPEG or WebP picture, got something else/],
    [[run, join(folder, "b.png")], /b\.png: must be a picture file/],
    [[run, join(folder, "none.png")], /none\.png: no such file/],
  ]);
});

test("bench", async () => {
  await allRefused("bench", [
    [["--filter", "no such kernel"], /--filter: must be part of a name .*, got no such kernel/],
    [["--filter", "train step", "--data", "/no/such/data"], /--data: must be a file or a folder/],
  ]);
});

test("a stack with --debug, and nothing but the error with --quiet", async () => {
  const args = ["--data", "/no/such/data", "--out", join(temporaryFolder(), "run")];
  const debug = await runToEnd("train", [...args, "--debug"]);
  assert.match(debug.stderr, /^error: --data: .*\nhelp: .*\nUsageError: .*\n +at /);
  const quiet = await runToEnd("train", [...args, "--quiet"]);
  assert.equal([quiet.code, quiet.stdout], [2, ""]);
  assert.match(quiet.stderr, /^error: .*\nhelp: .*\n$/);
});

test.run();
