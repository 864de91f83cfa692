// Files that the product reads, each as sound as it writes them, and damage to them: for a test of some hundreds, and for
// bench/fuzz-files.ts with as many as asked for. A reader may refuse a file with an error that people can read, or take it, and
// then what it gives is checked.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { PNG } from "pngjs";
import { describeFailure } from "../../src/cli/frame/failure.ts";
import { loadFashionMnist } from "../../src/data/fashion-mnist.ts";
import { VitrineError } from "../../src/engine/core/errors.ts";
import { variablesOf } from "../../src/engine/layers/model.ts";
import { readImage } from "../../src/io/image.ts";
import { createModel, type ModelConfig } from "../../src/models/models.ts";
import { readRunFiles } from "../../src/report/run/run-files.ts";
import { readCheckpoint, writeCheckpoint } from "../../src/runs/checkpoint-file.ts";
import { type KfoldSettings, loadFolds, openKfold, saveFold } from "../../src/runs/kfold-folder.ts";
import { loadRun, saveRun } from "../../src/runs/run-folder.ts";
import { runConfig } from "../../src/runs/run-record.ts";
import { readStudy } from "../../src/runs/search-folder.ts";
import { loadStatistics } from "../../src/runs/statistics-file.ts";
import { namedTensors } from "../../src/train/named-tensors.ts";
import { RandomSearch } from "../../src/tune/oracles/random-search.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { MUTATION_NAMES, mutate } from "../keras/mutations.ts";
import { SPACE, attempt as searchToys } from "../tune/toy-search.ts";
import { smallDataset } from "./small-data.ts";
import { smallIdxFolder } from "./small-files.ts";

type Random = () => number;

export interface FuzzKind {
  readonly name: string;
  /** A folder that is sound, and the file in it that is damaged. */
  readonly folder: string;
  readonly file: string;
  readonly isText: boolean;
  /** Reads what is in a folder as the product does; throws an Error for values that make no sense. */
  readonly read: (folder: string) => Promise<void>;
}

const MODEL: ModelConfig = { name: "lenet5", classes: 10 };
const LOGS = { loss: 1.2, accuracy: 0.5, val_loss: 1.1, val_accuracy: 0.6, lr: 0.001 };

/** Throws an Error, which is no VitrineError, for a figure that cannot be. */
function sensible(name: string, value: unknown, most = Number.POSITIVE_INFINITY): void {
  if (typeof value === "number" && value >= 0 && value <= most) return;
  throw new Error(`believed: ${name} ${String(value)}`);
}

export async function fuzzKinds(): Promise<readonly FuzzKind[]> {
  const run = await runFolder();
  const study = temporaryFolder();
  await searchToys({ folder: study, oracle: new RandomSearch(SPACE, { seed: 3 }), maxTrials: 3 });
  const folds = await kfoldFolder();
  const idx = smallIdxFolder({ train: 40, test: 20 });
  const readData = async (folder: string): Promise<void> => {
    const { train, test } = await loadFashionMnist({
      ...{ data: folder, cacheDir: folder },
      ...{ say: () => undefined, progress: () => undefined },
    });
    for (const { images, labels, rows } of [train, test]) {
      sensible("pixels", images.length / Math.max(1, rows), 784 * 64);
      sensible("labels", Math.max(0, ...labels), 255);
    }
  };
  const readTrials = async (folder: string): Promise<void> => {
    const { trials } = await readStudy(folder);
    for (const { score, history, seconds } of trials) {
      if (score !== null) sensible("score", score, 1e6);
      sensible("seconds", seconds ?? 0);
      for (const { val_accuracy: accuracy = 0 } of history) {
        if (!Number.isNaN(accuracy)) sensible("val_accuracy", accuracy, 1);
      }
    }
  };
  return [
    {
      name: "idx images",
      folder: idx,
      file: "train-images-idx3-ubyte",
      isText: false,
      read: readData,
    },
    {
      name: "idx labels",
      folder: idx,
      file: "t10k-labels-idx1-ubyte",
      isText: false,
      read: readData,
    },
    { ...packedIdx(idx), isText: false, read: readData },
    { ...csvFolder(), isText: true, read: readData },
    {
      ...pngFolder(),
      isText: false,
      read: async (folder) => void (await readImage(join(folder, "shirt.png"))),
    },
    ...["weights.safetensors", "config.json", "metrics.json", "history.csv"].map((file) => ({
      ...{ name: `run ${file}`, folder: run, file, isText: !file.endsWith("safetensors") },
      read: async (folder: string) => {
        await loadRun(folder);
        const { history } = await readRunFiles(folder);
        // What was no number is written as such.
        for (const { accuracy } of history) {
          if (!Number.isNaN(accuracy)) sensible("accuracy", accuracy, 1);
        }
      },
    })),
    {
      ...{ name: "run statistics.json", folder: run, file: "statistics.json", isText: true },
      read: async (folder) => void (await loadStatistics(folder)),
    },
    {
      ...{ name: "checkpoint", folder: run, file: "checkpoint-1.safetensors", isText: false },
      read: async (folder) => {
        const found = await readCheckpoint(folder);
        sensible("epoch", found?.state.epoch, 1e9);
      },
    },
    {
      name: "study oracle.json",
      folder: study,
      file: "oracle.json",
      isText: true,
      read: readTrials,
    },
    {
      ...{ name: "study trial.json", folder: study, file: join("trial_2", "trial.json") },
      ...{ isText: true, read: readTrials },
    },
    {
      ...{ name: "fold.json", folder: folds, file: join("fold-1", "fold.json"), isText: true },
      read: async (folder) => {
        for (const { heldOut, test } of (await loadFolds(folder, 2)).values()) {
          for (const score of [heldOut, test]) {
            if (score === null) continue;
            sensible("accuracy", score.accuracy, 1);
            sensible("loss", score.loss);
          }
        }
      },
    },
  ];
}

async function runFolder(): Promise<string> {
  const out = temporaryFolder();
  const variables = variablesOf(createModel(MODEL), 1);
  const initial = variables.initialWeights();
  await saveRun(out, {
    config: runConfig({
      ...{ model: MODEL, adapter: "any", training: { learningRate: 0.001, batchSize: 50 } },
      classNames: Array.from({ length: 10 }, (_, k) => `class ${k}`),
      data: { source: "small" },
    }),
    metrics: { model: "lenet5", epochs: 2, valAccuracy: 0.6 },
    history: [LOGS, LOGS],
    weights: namedTensors(variables, initial),
  });
  const entry = {
    ...{ measured: "weights", layer: "dense", name: "dense/kernel", elements: 4, finite: 4 },
    ...{ nonFinite: 0, zeros: 1, mean: 0, deviation: 1, min: -1, max: 1, histogram: [1, 3] },
  };
  const step = {
    step: 1,
    epoch: 1,
    gradientNorm: 1,
    updateRatios: { dense: 0.1 },
    entries: [entry],
  };
  writeFileSync(join(out, "statistics.json"), JSON.stringify({ format: 1, steps: [step] }));
  await writeCheckpoint(out, {
    ...{ seconds: 3, adapter: "any" },
    state: {
      ...{ epoch: 1, stepsOfEpoch: 2, steps: 5, learningRate: 0.001, history: [LOGS] },
      ...{ isStopped: false, weights: new Map([["w", new Float32Array(8)]]) },
      step: [{ label: "arena0", bytes: new Uint8Array(64) }],
      callbacks: new Map([["best-epoch", { values: { best: 0.5, epoch: 1, logs: LOGS } }]]),
    },
  });
  return out;
}

async function kfoldFolder(): Promise<string> {
  const out = join(temporaryFolder(), "folds");
  const settings: KfoldSettings = {
    ...{ model: MODEL, folds: 2, stratified: false, seed: 1, limit: null, leaked: false },
    training: { epochs: 1, batchSize: 10, learningRate: 0.001, patience: 0 },
    data: { train: "0", test: "0" },
  };
  await openKfold(out, settings, false);
  const score = { loss: 1, accuracy: 0.5, rows: 20 };
  const result = {
    ...{ fold: 0, seed: 1, trainRows: 20, epochs: 1, bestEpoch: 1, leaked: null },
    ...{ heldOut: score, test: score, history: [LOGS] },
  };
  const variables = variablesOf(createModel(MODEL), 1);
  await saveFold(out, result, namedTensors(variables, variables.initialWeights()), {
    ...{ settings, seconds: 1, adapter: "any" },
    data: { source: "small", background: "dark", name: "small", shape: [28, 28, 1] },
    classNames: Array.from({ length: 10 }, (_, k) => `class ${k}`),
  });
  return out;
}

function packedIdx(idx: string) {
  const folder = temporaryFolder();
  cpSync(idx, folder, { recursive: true });
  const images = readFileSync(join(folder, "train-images-idx3-ubyte"));
  const file = "train-images-idx3-ubyte.gz";
  writeFileSync(join(folder, file), gzipSync(images));
  rmSync(join(folder, "train-images-idx3-ubyte"));
  return { name: "idx.gz images", folder, file };
}

function csvFolder() {
  const folder = temporaryFolder();
  const header = ["label", ...Array.from({ length: 784 }, (_, i) => `pixel${i + 1}`)].join(",");
  for (const [name, rows] of [
    ["train", 20],
    ["test", 10],
  ] as const) {
    const { images, labels } = smallDataset(rows);
    const lines = Array.from({ length: rows }, (_, row) => {
      return [labels[row], ...images.subarray(784 * row, 784 * (row + 1))].join(",");
    });
    writeFileSync(join(folder, `fashion-mnist_${name}.csv`), `${[header, ...lines].join("\n")}\n`);
  }
  return { name: "csv", folder, file: "fashion-mnist_train.csv" };
}

function pngFolder() {
  const folder = temporaryFolder();
  const picture = new PNG({ width: 28, height: 28 });
  for (const [i, value] of smallDataset(1).images.entries()) {
    picture.data.set([value, value, value, 255], 4 * i);
  }
  writeFileSync(join(folder, "shirt.png"), PNG.sync.write(picture));
  return { name: "png", folder, file: "shirt.png" };
}

const VALUES = ["1e400", "-1e400", "NaN", "null", "-1", "65536", "5", "1e-320", "[]", "{}", '""'];
const MORE = ['"\\u001b[2J"', "true", "0.5", "9007199254740993", "[[[[]]]]", '"NaN"', "1e308"];

/** A number, a string or a word of the text becomes something else; or the text is damaged like any bytes. */
function mutateText(text: string, random: Random): Buffer {
  if (random() < 0.3) return mutateBytes(Buffer.from(text), random);
  const tokens = [...text.matchAll(/-?\d+(\.\d+)?(e[+-]?\d+)?|"[^"\n]*"|null|true|false/g)];
  const token = tokens[Math.floor(random() * tokens.length)];
  if (!token) return Buffer.from(text);
  const values = [...VALUES, ...MORE];
  const value = values[Math.floor(random() * values.length)] ?? "null";
  const at = token.index;
  return Buffer.from(text.slice(0, at) + value + text.slice(at + token[0].length));
}

function mutateBytes(bytes: Buffer, random: Random): Buffer {
  const name = MUTATION_NAMES[Math.floor(random() * MUTATION_NAMES.length)] ?? "flip";
  return mutate(bytes, name, random);
}

export type FuzzVerdict = "taken" | "refused" | { readonly wrong: string; readonly path: string };

const PATIENCE_MS = 10_000;

/** Damages the kind's file once, has it read, and says how that went. */
export async function fuzzOnce(kind: FuzzKind, random: Random): Promise<FuzzVerdict> {
  const { folder, file, isText, read } = kind;
  const sound = readFileSync(join(folder, file));
  const copy = join(temporaryFolder(), "copy");
  mkdirSync(copy);
  cpSync(folder, copy, { recursive: true });
  const path = join(copy, file);
  const damaged = isText ? mutateText(sound.toString(), random) : mutateBytes(sound, random);
  writeFileSync(path, damaged);
  const start = performance.now();
  let verdict: FuzzVerdict = "taken";
  try {
    await read(copy);
  } catch (error) {
    const isFine = error instanceof VitrineError && !hasControls(shownOf(error));
    verdict = isFine ? "refused" : { wrong: `${kind.name}: ${error}`, path };
  }
  const took = performance.now() - start;
  return took < PATIENCE_MS ? verdict : { wrong: `${kind.name}: took ${took} ms`, path };
}

/** As a command says it. */
function shownOf(error: unknown): string {
  const options = { debug: false, cancelled: undefined, command: { flags: {} } };
  return describeFailure(error, options).message;
}

/** Escape sequences and forged lines must not reach a terminal. */
function hasControls(message: string): boolean {
  return [...message].some((character) => character < " " || character === "\x7f");
}
