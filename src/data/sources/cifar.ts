// CIFAR-10 and CIFAR-100 in their binary version: rows of one or two label bytes and 3,072 pixels, red, green, blue, 32×32 each.
// The Python version is a pickle, which runs code when it is read: it is refused by name.

import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FormatError } from "../../engine/core/errors.ts";
import { assemble, type LabelledRows } from "./assemble.ts";
import { type DataPlace, type DataSource, placeOf, titleOfPath } from "./source.ts";

const SIDE = 32;
const PLANE = SIDE * SIDE;
/** Of a file: three times the training rows of CIFAR-100. */
const MOST_BYTES = 2 ** 29;

interface Kind {
  readonly train: RegExp;
  readonly test: string;
  readonly names: string;
  /** Bytes before the pixels; the last of them is the class. */
  readonly labelBytes: number;
}

const CIFAR10: Kind = {
  train: /^data_batch_\d+\.bin$/,
  ...{ test: "test_batch.bin", names: "batches.meta.txt", labelBytes: 1 },
};
const CIFAR100: Kind = {
  train: /^train\.bin$/,
  ...{ test: "test.bin", names: "fine_label_names.txt", labelBytes: 2 },
};
const KINDS = [CIFAR10, CIFAR100] as const;
const PICKLED = /^(data_batch_\d+|test_batch|batches\.meta)$/;

export const CIFAR: DataSource = {
  what: "CIFAR-10 or CIFAR-100 in the binary version",

  recognise: ({ names }) =>
    names.some((name) => PICKLED.test(name) || KINDS.some((kind) => belongs(name, kind))),

  async load(place, request) {
    const folder = place.isFolder ? place : await placeOf(dirname(place.path), true);
    const kind = KINDS.find(({ train }) => folder.names.some((name) => train.test(name)));
    if (!kind) throw incomplete(folder);
    const trainNames = folder.names.filter((name) => kind.train.test(name));
    if (!folder.names.includes(kind.test)) {
      throw new FormatError(
        `${folder.path}: lacks ${kind.test}, got only ${trainNames.join(", ")}`,
      );
    }
    const files: LabelledRows[] = [];
    for (const [i, name] of trainNames.entries()) {
      files.push(await readBatch(join(folder.path, name), kind));
      request.progress({ label: "reading CIFAR", fraction: (i + 1) / (trainNames.length + 1) });
    }
    const test = await readBatch(join(folder.path, kind.test), kind);
    request.progress({ label: "reading CIFAR", fraction: 1 });
    const classNames = folder.names.includes(kind.names)
      ? await readNames(join(folder.path, kind.names))
      : undefined;
    const source = `CIFAR files in ${folder.path}`;
    const train = joined(files, join(folder.path, trainNames[0] ?? ""));
    return assemble(
      {
        path: folder.path,
        title: titleOfPath(folder.path),
        source,
        shape: [SIDE, SIDE, 3],
        train,
        test,
        classNames,
      },
      request,
    );
  },
};

function belongs(name: string, { train, test }: Kind): boolean {
  return train.test(name) || name === test;
}

function incomplete({ path, names }: DataPlace): FormatError {
  if (names.some((name) => PICKLED.test(name))) {
    return new FormatError(`${path}: must hold CIFAR's binary version, got the pickled one`, {
      help: "a pickle runs code when it is read: fetch cifar-10-binary.tar.gz",
    });
  }
  const wanted = names.includes(CIFAR10.test) ? "data_batch_1.bin" : "train.bin";
  const got = names.filter((name) => KINDS.some(({ test }) => name === test));
  return new FormatError(`${path}: lacks ${wanted}, got only ${got.join(", ")}`);
}

async function readBatch(file: string, { labelBytes }: Kind): Promise<LabelledRows> {
  const { size } = await stat(file);
  const record = labelBytes + 3 * PLANE;
  if (size === 0 || size % record !== 0 || size > MOST_BYTES) {
    throw new FormatError(`${file}: must hold whole rows of ${record} bytes, got ${size} bytes`, {
      help: "the file is cut short or damaged; fetch it again",
    });
  }
  const bytes = await readFile(file);
  const rows = bytes.length / record;
  const images = new Uint8Array(rows * 3 * PLANE);
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * record + labelBytes;
    labels[row] = bytes[start - 1] ?? 0;
    const to = row * 3 * PLANE;
    for (let i = 0; i < PLANE; i++) {
      for (let c = 0; c < 3; c++) images[to + 3 * i + c] = bytes[start + c * PLANE + i] ?? 0;
    }
  }
  return { where: file, images, labels };
}

function joined(files: readonly LabelledRows[], where: string): LabelledRows {
  const images = new Uint8Array(files.reduce((sum, { images }) => sum + images.length, 0));
  let at = 0;
  for (const file of files) {
    images.set(file.images, at);
    at += file.images.length;
  }
  return { where, images, labels: files.flatMap(({ labels }) => Array.from(labels)) };
}

async function readNames(file: string): Promise<string[]> {
  const { size } = await stat(file);
  if (size > 2 ** 16) throw new FormatError(`${file}: must be a list of names, got ${size} bytes`);
  const lines = (await readFile(file, "utf8")).split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => line !== "");
}
