// Our half of zoo-round-trip.py, which starts it. `write FOLDER [MADE]`: reads the networks of test/fixtures/zoo, and those that
// zoo.py left in MADE, and writes each in every spelling. `read FOLDER VERSION …`: reads what those versions made of the files,
// and compares every bit of the weights.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv } from "node:process";
import { VitrineError } from "../../src/engine/core/errors.ts";
import type { Weights } from "../../src/engine/layers/variables.ts";
import { type ReadModel, readKerasModel } from "../../src/keras/read-model.ts";
import { writeKeras2Model, writeKerasArchive } from "../../src/keras/write-model.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { zooInputs, zooNetworks } from "./zoo-cases.ts";

interface Network {
  readonly name: string;
  /** The file of Keras's. */
  readonly path: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

function networks(made: string | undefined): readonly Network[] {
  const ofZoo = zooNetworks().map(({ record, path }) => {
    return { name: record.case, path, x: [...zooInputs(record)], y: record.y };
  });
  return [...ofZoo, ...(made ? madeNetworks(made) : [])];
}

function madeNetworks(folder: string): readonly Network[] {
  return readdirSync(folder)
    .filter((entry) => entry.endsWith(".json"))
    .map((entry) => JSON.parse(readFileSync(join(folder, entry), "utf8")))
    .filter(({ name }) => name !== "two inputs")
    .map(({ name, files, x, y }) => ({ name, path: join(folder, files[0]), x, y }));
}

const SPELLINGS: Readonly<
  Record<
    string,
    (path: string, model: ReturnType<typeof exportedModel>, w: Weights) => Promise<void>
  >
> = {
  ".keras": writeKerasArchive,
  ".h5": writeKeras2Model,
  ".2.keras": (path, model, weights) => writeKerasArchive(path, model, weights, { generation: 2 }),
  ".2.h5": (path, model, weights) => writeKeras2Model(path, model, weights, { generation: 2 }),
};

async function write(folder: string, made: string | undefined): Promise<void> {
  mkdirSync(join(folder, "ours"), { recursive: true });
  const cases = [];
  for (const { name, path, x, y } of networks(made)) {
    const { model, weights } = await readKerasModel(path);
    const refused: Record<string, string> = {};
    const base = name.replaceAll(/[^\w]+/g, "-");
    for (const [ending, save] of Object.entries(SPELLINGS)) {
      try {
        await save(join(folder, "ours", base + ending), exportedModel(model), weights);
      } catch (error) {
        if (!(error instanceof VitrineError)) throw error;
        refused[ending] = error.message;
      }
    }
    cases.push({ name, base, path, x, y, refused });
  }
  writeFileSync(join(folder, "cases.json"), JSON.stringify(cases));
}

/** `bit for bit`, or what differs. */
function verdict(ours: Weights, again: ReadModel): string {
  if (ours.size !== again.weights.size) return `${again.weights.size} weights of ${ours.size}`;
  for (const [name, data] of ours) {
    const found = again.weights.get(name);
    const bytes = (values: Float32Array) =>
      Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    if (!found || !bytes(found).equals(bytes(data))) return `${name} differs`;
  }
  return "bit for bit";
}

async function read(folder: string, versions: readonly string[]): Promise<void> {
  const cases = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8"));
  const found: Record<string, Record<string, string>> = {};
  for (const version of versions) {
    const results: Record<string, string> = {};
    const files = readdirSync(join(folder, version)).filter((name) => /\.(keras|h5)$/.test(name));
    for (const { base, path } of cases) {
      const { weights } = await readKerasModel(path);
      for (const file of files.filter((name) => name.startsWith(`${base}.`))) {
        results[file] = await readKerasModel(join(folder, version, file)).then(
          (again) => verdict(weights, again),
          (error: unknown) => String(error),
        );
      }
    }
    found[version] = results;
  }
  writeFileSync(join(folder, "read.json"), JSON.stringify(found));
}

const [, , mode, folder = "", ...rest] = argv;
if (mode === "write") await write(folder, rest[0]);
else if (mode === "read") await read(folder, rest);
else throw new Error(`zoo-round-trip: takes write or read, got ${mode}`);
process.exit(0);
