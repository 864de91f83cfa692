// A model that a file holds: of Keras's, with its weights, or what a program of the person's exports. Either becomes a description
// in Keras's terms, which is what a run records. What reads Keras's files is loaded when there is one.

import { basename, extname } from "node:path";
import { UsageError } from "../../engine/core/errors.ts";
import type { Model } from "../../engine/layers/model.ts";
import type { Weights } from "../../engine/layers/variables.ts";
import { importFile } from "../../io/program-file.ts";
import { checkRegularFile } from "../../io/regular-file.ts";
import type { Compiled } from "../../keras/compiled/compiled.ts";
import type { ReadOptions } from "../../keras/read-model.ts";
import { isForeign, refuseForeign } from "../../keras/weights/foreign-files.ts";
import { described } from "../../models/described-model.ts";
import type { OwnModelConfig } from "../../models/models.ts";
import { nameOfStem } from "../../models/own-model.ts";

const KERAS = /\.(keras|h5|hdf5)$/i;
const PROGRAM = /\.[cm]?[jt]s$/i;

export interface DescribedFile {
  readonly config: OwnModelConfig;
  /** Whether it has weights: those of a program are none. */
  readonly isTrained: boolean;
  /** How it was trained, where the file says. */
  readonly compiled: Compiled | null;
  /** What reading a file of Keras's changes, in sentences. */
  readonly notes: readonly string[];
}

export interface ModelFile {
  readonly config: OwnModelConfig;
  /** Null of a program, whose model is not trained. */
  readonly weights: Weights | null;
  /** How it was trained, where the file says. */
  readonly compiled: Compiled | null;
  /** What reading a file of Keras's changes, in sentences. */
  readonly notes: readonly string[];
}

/** Whether what stands where a model is named is a file, also one that is refused: what others save is told by its kind. */
export function isModelFile(name: string): boolean {
  return KERAS.test(name) || PROGRAM.test(name) || isForeign(name);
}

/** Throws FormatError for a model of another library, UsageError for what is no file. */
async function checkModelFile(path: string): Promise<void> {
  if (!PROGRAM.test(path)) refuseForeign(path);
  await checkRegularFile(path, "model");
}

/** Throws UsageError for a file that is not there or whose program fails, FormatError for a file of Keras's that cannot be read. */
export async function readModelFile(path: string, options: ReadOptions = {}): Promise<ModelFile> {
  await checkModelFile(path);
  if (!KERAS.test(path)) {
    return { config: await programsModel(path), weights: null, compiled: null, notes: [] };
  }
  const { readKerasModel } = await import("../../keras/read-model.ts");
  const { architecture, weights, compiled, notes } = await readKerasModel(path, options);
  return { config: { name: nameOfFile(path), architecture }, weights, compiled, notes };
}

/** The same without the values of its weights; of what its optimiser came to where that is asked for. */
export async function describeModelFile(
  path: string,
  options: ReadOptions,
): Promise<DescribedFile> {
  await checkModelFile(path);
  if (!KERAS.test(path)) {
    return { config: await programsModel(path), isTrained: false, compiled: null, notes: [] };
  }
  const { describeKerasModel } = await import("../../keras/read-model.ts");
  const { architecture, compiled, notes } = await describeKerasModel(path, options);
  return { config: { name: nameOfFile(path), architecture }, isTrained: true, compiled, notes };
}

async function programsModel(path: string): Promise<OwnModelConfig> {
  return described(await importedModel(path), { name: nameOfFile(path), path });
}

/** Of folders, too. */
export function nameOfFile(path: string): string {
  return nameOfStem(basename(path, extname(path)));
}

async function importedModel(path: string): Promise<Model> {
  const found = await importFile(path, "model");
  const model = found["default"] ?? found["model"];
  if (isModel(model)) return model;
  throw new UsageError(`--model: ${path} must export a model, got ${kindOf(model)}`, {
    help: 'for instance: export default sequential("mine", [28, 28, 1], [flatten(), dense({ units: 10, activation: "softmax" })])',
  });
}

export function isModel(value: unknown): value is Model {
  if (typeof value !== "object" || value === null) return false;
  return "build" in value && "inputShape" in value && "name" in value;
}

function kindOf(value: unknown): string {
  return value === undefined ? "neither default nor model" : `a ${typeof value}`;
}
