// What the optimiser had come to in the epoch whose weights a run keeps, as a file beside them: an export hands it on, so
// that training goes on elsewhere where it stopped. Not there in runs of old, and where it would be large.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { FormatError } from "../engine/core/errors.ts";
import type { Variables, Weights } from "../engine/layers/variables.ts";
import type { OptimizerValues } from "../engine/optim/optimizer-values.ts";
import { type NamedTensor, readSafetensors, writeSafetensors } from "../io/safetensors.ts";
import { parseJson } from "../io/saved-json.ts";
import { count } from "../io/saved-values.ts";
import { OPTIMIZER_FILE, OPTIMIZER_FORMAT, optimizerTensors } from "./optimizer-tensors.ts";

const schema = v.object({
  format: v.literal(OPTIMIZER_FORMAT),
  name: v.string(),
  steps: count,
  learningRate: v.number(),
  slots: v.array(v.string()),
});

/** Throws VitrineError for values that are none of the variables'. */
export async function writeOptimizer(
  folder: string,
  values: OptimizerValues,
  variables: Variables,
): Promise<void> {
  const { tensors, metadata } = optimizerTensors(values, variables);
  await writeSafetensors(join(folder, OPTIMIZER_FILE), tensors, metadata);
}

/** Of an earlier training in the folder. */
export async function removeOptimizer(folder: string): Promise<void> {
  await rm(join(folder, OPTIMIZER_FILE), { force: true });
}

/** Null where the run has no such file. Throws FormatError for a damaged one. */
export async function readOptimizer(folder: string): Promise<OptimizerValues | null> {
  const path = join(folder, OPTIMIZER_FILE);
  const file = await readSafetensors(path).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  });
  if (!file) return null;
  const text = file.metadata["optimizer"] ?? "";
  const saved = { what: "an optimiser's state", format: OPTIMIZER_FORMAT };
  const { slots, format: _, ...facts } = parseJson(text, { schema, name: path, saved });
  const byName = new Map(slots.map((slot) => [slot, ofSlot(file.tensors, `${slot}/`, path)]));
  return { ...facts, slots: byName };
}

function ofSlot(tensors: ReadonlyMap<string, NamedTensor>, prefix: string, path: string): Weights {
  const own = new Map<string, Float32Array<ArrayBuffer>>();
  for (const [name, { data, dtype }] of tensors) {
    if (!name.startsWith(prefix)) continue;
    if (!(data instanceof Float32Array)) {
      throw new FormatError(`${path}: values must be F32, got ${dtype} in ${name}`);
    }
    own.set(name.slice(prefix.length), new Float32Array(data));
  }
  return own;
}
