// Our half of zoo-round-trip.py, which starts it. `write FOLDER [MADE]`: reads the networks of test/fixtures/zoo, and those that
// zoo.py left in MADE, and writes each in every spelling. `read FOLDER VERSION …`: reads what those versions made of the files,
// and compares every bit of the weights.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv } from "node:process";
import { VitrineError } from "../../src/engine/core/errors.ts";
import type { Weights } from "../../src/engine/layers/variables.ts";
import type { ReadModel } from "../../src/keras/read-model.ts";
import {
  writeKeras2Weights,
  writeKeras3Weights,
} from "../../src/keras/weights/write-weights-h5.ts";
import { writeKeras2Model, writeKerasArchive } from "../../src/keras/write-model.ts";
import { type ExportedModel, exportedModel } from "../../src/models/architecture/exported-model.ts";
import { readModelInTurn, readWeightsInTurn } from "./read-in-turn.ts";
import { networksOf } from "./zoo-networks.ts";

type Write = (path: string, model: ExportedModel, weights: Weights) => Promise<void>;

const SPELLINGS: Readonly<Record<string, Write>> = {
  ".keras": writeKerasArchive,
  ".h5": writeKeras2Model,
  ".2.keras": (path, model, weights) => writeKerasArchive(path, model, weights, { generation: 2 }),
  ".2.h5": (path, model, weights) => writeKeras2Model(path, model, weights, { generation: 2 }),
  ".weights.h5": writeKeras3Weights,
  ".w.h5": writeKeras2Weights,
};

async function write(folder: string, made: string | undefined): Promise<void> {
  mkdirSync(join(folder, "ours"), { recursive: true });
  const cases = [];
  for (const { name, base, path, x, y } of networksOf(made)) {
    const read = await readModelInTurn(path).catch(refusal);
    if (typeof read === "string") continue;
    const refused: Record<string, string> = {};
    for (const [ending, save] of Object.entries(SPELLINGS)) {
      try {
        await save(join(folder, "ours", base + ending), exportedModel(read.model), read.weights);
      } catch (error) {
        refused[ending] = refusal(error);
      }
    }
    cases.push({ name, base, path, x, y, refused });
  }
  writeFileSync(join(folder, "cases.json"), JSON.stringify(cases));
}

function refusal(error: unknown): string {
  if (error instanceof VitrineError) return error.message;
  throw error;
}

/** `bit for bit`, or what differs. */
function verdict(ours: Weights, again: Weights): string {
  if (ours.size !== again.size) return `${again.size} weights of ${ours.size}`;
  for (const [name, data] of ours) {
    const found = again.get(name);
    const bytes = (values: Float32Array) =>
      Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    if (!found || !bytes(found).equals(bytes(data))) return `${name} differs`;
  }
  return "bit for bit";
}

/** Of a whole model, or of weights for the model that they were written of. */
async function weightsAgain(path: string, ours: ReadModel): Promise<Weights> {
  const isWhole = !/\.(w|weights)\.h5$/.test(path);
  return isWhole ? (await readModelInTurn(path)).weights : readWeightsInTurn(path, ours.model);
}

async function read(folder: string, versions: readonly string[]): Promise<void> {
  const cases = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8"));
  const found: Record<string, Record<string, string>> = {};
  for (const version of versions) {
    const results: Record<string, string> = {};
    const inVersion = join(folder, version);
    const files = existsSync(inVersion) ? readdirSync(inVersion) : [];
    for (const { base, path } of cases) {
      const ours = await readModelInTurn(path);
      for (const file of files.filter((name) => name.startsWith(`${base}.`))) {
        results[file] = await weightsAgain(join(inVersion, file), ours).then(
          (again) => verdict(ours.weights, again),
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
