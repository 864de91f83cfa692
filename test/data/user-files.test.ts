// Data that a person gives: folders and single files of both kinds, and what is said of the rest.
import { copyFileSync, cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { writeKaggleCsv } from "../../src/data/csv.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import type { Progress } from "../../src/data/sources/source.ts";
import { readUserFiles } from "../../src/data/user-files.ts";
import { FormatError, UsageError } from "../../src/engine/core/errors.ts";
import {
  idxImages,
  idxLabels,
  rejects,
  sameData,
  sampleDataset,
  temporaryFolder,
} from "./sample-files.ts";

const test = suite("user-files");
const [train, held] = [sampleDataset(20), sampleDataset(10)];
const ignore = () => undefined;

function idxFolder(suffix = "", separator = "-"): string {
  const folder = temporaryFolder();
  const pack = (bytes: Buffer) => (suffix === ".gz" ? gzipSync(bytes) : bytes);
  for (const [stem, data] of [
    ["train", train],
    ["t10k", held],
  ] as const) {
    writeFileSync(
      join(folder, `${stem}-images${separator}idx3-ubyte${suffix}`),
      pack(idxImages(data)),
    );
    writeFileSync(
      join(folder, `${stem}-labels${separator}idx1-ubyte${suffix}`),
      pack(idxLabels(data)),
    );
  }
  return folder;
}

async function csvFolder(stem = "fashion-mnist_"): Promise<string> {
  const folder = temporaryFolder();
  await writeKaggleCsv(train, join(folder, `${stem}train.csv`));
  await writeKaggleCsv(held, join(folder, `${stem}test.csv`));
  return folder;
}

/** `title`: what the data set is called, whose classes are called by their numbers where that is not Fashion-MNIST's own name. */
async function reads(data: string, source: string, title = "fashion-mnist"): Promise<void> {
  const got = await readUserFiles(data, ignore);
  const named = (rows: Dataset): Dataset =>
    title === "fashion-mnist" ? rows : { ...rows, classNames: [..."0123456789"] };
  sameData(got.train, named(train));
  sameData(got.test, named(held));
  assert.equal([got.train.name, got.test.name], [`${title}/train`, `${title}/test`]);
  assert.is(got.source, source);
}

test("a folder of IDX files, plain or gzipped, or one of them", async () => {
  for (const folder of [idxFolder(), idxFolder(".gz"), idxFolder("", ".")]) {
    await reads(folder, `IDX files in ${folder}`, basename(folder));
  }
  const folder = idxFolder(".gz");
  const source = `IDX files in ${folder}`;
  await reads(join(folder, "t10k-labels-idx1-ubyte.gz"), source, basename(folder));
});

test("only a folder's own name says that it is Fashion-MNIST", async () => {
  const moved = (name: string): string => {
    const folder = join(temporaryFolder(), name);
    cpSync(idxFolder(), folder, { recursive: true });
    return folder;
  };
  const own = moved("fashion-mnist");
  await reads(own, `IDX files in ${own}`);
  const within = moved(join("fashion-mnist-course", "cats"));
  await reads(within, `IDX files in ${within}`, "cats");
});

test("a folder of Kaggle's CSVs, or either of them", async () => {
  const folder = await csvFolder();
  const files = ["train", "test"].map((part) => join(folder, `fashion-mnist_${part}.csv`));
  for (const data of [folder, ...files]) await reads(data, files.join(" and "));
  const own = await csvFolder("my-");
  await reads(
    join(own, "my-test.csv"),
    `${join(own, "my-train.csv")} and ${join(own, "my-test.csv")}`,
    basename(own),
  );
});

test("IDX files in folders of their names, as Kaggle's archives unpack", async () => {
  const [flat, folder] = [idxFolder("", "."), temporaryFolder()];
  for (const file of readdirSync(flat)) {
    const within = join(folder, file.replace(".idx", "-idx"));
    mkdirSync(within);
    copyFileSync(join(flat, file), join(within, file));
  }
  await reads(folder, `IDX files in ${folder}`, basename(folder));
});

test("a folder whose CSVs have short names, where it is clear which is which", async () => {
  const folder = await csvFolder("");
  const files = ["train.csv", "test.csv"].map((name) => join(folder, name));
  await reads(folder, files.join(" and "), basename(folder));
  writeFileSync(join(folder, "old-train.csv"), "x");
  await rejects(
    () => readUserFiles(folder, ignore),
    FormatError,
    `${folder}: must hold the four IDX files of Fashion-MNIST (plain or .gz), or Kaggle's two CSVs, got none of them`,
  );
});

test("reading a CSV tells its progress", async () => {
  const steps: Progress[] = [];
  await readUserFiles(await csvFolder(), (step) => steps.push(step));
  assert.equal(steps, [
    { label: "reading fashion-mnist_train.csv", fraction: 1 },
    { label: "reading fashion-mnist_test.csv", fraction: 1 },
  ]);
});

test("what is not there, not all there, or something else", async () => {
  const refused = (data: string, problem: string) =>
    rejects(() => readUserFiles(data, ignore), FormatError, problem);
  const empty = temporaryFolder();
  const wanted = "the four IDX files of Fashion-MNIST (plain or .gz), or Kaggle's two CSVs";
  await refused(empty, `${empty}: must hold ${wanted}, got none of them`);
  writeFileSync(join(empty, "t10k-images-idx3-ubyte"), "x");
  await refused(
    empty,
    `${empty}: lacks train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-labels-idx1-ubyte, got only t10k-images-idx3-ubyte`,
  );
  const half = temporaryFolder();
  const file = join(half, "fashion-mnist_train.csv");
  await writeKaggleCsv(train, file);
  await refused(half, `${half}: lacks fashion-mnist_test.csv, got only fashion-mnist_train.csv`);
  const sibling = join(half, "fashion-mnist_test.csv");
  await refused(file, `${file}: its sibling must lie beside it, got no ${sibling}`);
  const other = join(half, "notes.txt");
  writeFileSync(other, "x");
  await refused(other, `${other}: must be one of ${wanted}, got another name`);
});

test("paths that make no sense", async () => {
  const none = join(temporaryFolder(), "none");
  const missing = `data: must be a file or a folder, got ${none}`;
  await rejects(() => readUserFiles(none, ignore), UsageError, missing);
  const folder = temporaryFolder();
  mkdirSync(join(folder, "train"));
  const nameless = join(folder, "train", "data.csv");
  writeFileSync(nameless, "x");
  await rejects(
    () => readUserFiles(nameless, ignore),
    UsageError,
    "data: a CSV must have train or test in its name, got data.csv",
  );
});

test.run();
