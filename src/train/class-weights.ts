// What a row counts for in the loss by its class, as Keras's `class_weight`: the loss is divided by the rows all the same, and
// validation goes without.

import type { Device } from "../engine/core/device.ts";
import { UsageError } from "../engine/core/errors.ts";
import { balancedClassWeights, type DataRows, withClassWeights } from "./device-data.ts";

/** `balanced`: every class counts alike, rows / (classes · rows of the class); or by class number, where the others count 1. */
export type ClassWeight = "balanced" | readonly number[] | Readonly<Record<string, number>>;

export interface Weighting {
  /** Default: every row counts 1. */
  readonly classWeight: ClassWeight | undefined;
  /** Of the model. */
  readonly classes: number;
}

/** The same rows, with the weights of their classes, on the device. Throws UsageError for weights that are none, or of other classes. */
export async function weightedRows(
  device: Device,
  { data, rows }: DataRows,
  { classWeight, classes }: Weighting,
): Promise<DataRows> {
  if (classWeight === undefined) return { data, rows };
  if (data.targets !== undefined) {
    throw refused("is for rows that have a class", `targets of ${data.name}`);
  }
  const weights =
    classWeight === "balanced"
      ? balancedClassWeights(await labelsOn(device, { data, rows }), { rows, classes })
      : weightsOf(classWeight, classes);
  return { data: withClassWeights(device, data, weights), rows };
}

async function labelsOn(device: Device, { data }: DataRows): Promise<ArrayLike<number>> {
  const bytes = await device.read(data.labels);
  return data.labels.dtype === "u8" ? new Uint8Array(bytes) : new Uint32Array(bytes);
}

function weightsOf(
  given: Exclude<ClassWeight, "balanced">,
  classes: number,
): Float32Array<ArrayBuffer> {
  checkClassWeight(given);
  const weights = new Float32Array(classes).fill(1);
  for (const [label, weight] of Object.entries(given)) {
    if (Number(label) >= classes) {
      throw refused(`must be of classes 0 to ${classes - 1}`, `one of ${label}`);
    }
    weights[Number(label)] = weight;
  }
  return weights;
}

/** Throws UsageError for what is no number from 0 on, or is not of a class number. */
export function checkClassWeight(given: ClassWeight): void {
  if (given === "balanced") return;
  const entries: readonly (readonly [string, unknown])[] = Object.entries(given);
  if (entries.length === 0) throw refused("must have a weight or more", "none");
  for (const [label, weight] of entries) {
    if (!/^\d+$/.test(label)) throw refused("must be by class number", label);
    if (typeof weight === "number" && weight >= 0 && weight < Infinity) continue;
    throw refused("must have numbers from 0", `${String(weight)} for class ${label}`);
  }
}

function refused(rule: string, got: string): UsageError {
  return new UsageError(`classWeight: ${rule}, got ${got}`, { argument: "classWeight" });
}
