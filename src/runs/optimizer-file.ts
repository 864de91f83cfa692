// What the optimiser had come to in the epoch whose weights a run keeps, as a file beside them: an export hands it on, so
// that training goes on elsewhere where it stopped. Not there in runs of old, and where it would be large.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { FormatError, VitrineError } from "../engine/core/errors.ts";
import type { Variables, Weights } from "../engine/layers/variables.ts";
import type { OptimizerValues } from "../engine/optim/optimizer-values.ts";
import { type NamedTensor, readSafetensors, writeSafetensors } from "../io/safetensors.ts";
import { parseJson } from "../io/saved-json.ts";
import { count } from "../io/saved-values.ts";

export const OPTIMIZER_FILE = "optimizer.safetensors";
/** Of the slots, at most: Adam's are twice as large as the weights, and reading them takes time in every better epoch. */
export const OPTIMIZER_BYTES = 128 * 2 ** 20;

/** Raised when the file changes meaning; a newer one is refused. */
const FORMAT = 1;

const schema = v.object({
  format: v.literal(FORMAT),
  name: v.string(),
  steps: count,
  learningRate: v.number(),
  slots: v.array(v.string()),
});

/** Tensors are called `slot/variable`. Throws VitrineError for values that are none of the variables'. */
export async function writeOptimizer(
  folder: string,
  values: OptimizerValues,
  variables: Variables,
): Promise<void> {
  const { slots, ...facts } = values;
  const shapes = new Map([...variables].map(({ name, tensor }) => [name, tensor.shape]));
  const tensors = [...slots].flatMap(([slot, own]) =>
    [...own].map(([name, data]): NamedTensor => {
      const shape = shapes.get(name);
      if (!shape) throw new VitrineError(`optimizer: values must be of variables, got ${name}`);
      return { name: `${slot}/${name}`, dtype: "F32", shape, data };
    }),
  );
  const optimizer = JSON.stringify({ format: FORMAT, ...facts, slots: [...slots.keys()] });
  await writeSafetensors(join(folder, OPTIMIZER_FILE), tensors, { optimizer });
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
  const saved = { what: "an optimiser's state", format: FORMAT };
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
