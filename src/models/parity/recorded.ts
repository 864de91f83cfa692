// What Keras computed with the seeded weights, as test/keras/make-parity.py recorded it: samples and statistics of every
// block's output, logits, and gradients. Read here, compared elsewhere.

import { FormatError } from "../../engine/core/errors.ts";
import { readSafetensors, type SafetensorsFile } from "../../io/safetensors.ts";
import { BACKBONE_NAMES, type BackboneName } from "../backbones.ts";

/** An array that Keras computed in float64. */
export interface Expected {
  readonly name: string;
  /** Its elements at `seededPlaces(name, …)`. */
  readonly sample: Float64Array;
  readonly mean: number;
  /** Standard deviation. */
  readonly spread: number;
  /** Largest magnitude. */
  readonly largest: number;
  /** Largest difference that Keras in float32 has from it, over `largest`. */
  readonly kerasError: number;
}

export interface RecordedStep {
  readonly rows: number;
  readonly classes: number;
  readonly frozenBlocks: number;
  readonly loss: number;
  readonly gradients: readonly Expected[];
}

export interface Recorded {
  readonly model: BackboneName;
  readonly inputSize: number;
  readonly rows: number;
  /** Version of Keras. */
  readonly keras: string;
  /** In the order of the model; of the classifier, the logits. */
  readonly layers: readonly Expected[];
  /** By row, the class of the largest logit, and by how much it is larger than the next. */
  readonly winners: readonly number[];
  readonly margins: readonly number[];
  /** A step that trains the last blocks and a new head. */
  readonly step: RecordedStep | null;
}

/** Throws FormatError, naming the file, for one that the script did not write. */
export async function readRecorded(path: string): Promise<Recorded> {
  const file = await readSafetensors(path);
  const { metadata } = file;
  const model = BACKBONE_NAMES.find((name) => name === metadata["model"]);
  if (!model) throw new FormatError(`${path}: model is a backbone, got ${metadata["model"]}`);
  return {
    model,
    inputSize: numberIn(file, path, "input_size"),
    rows: numberIn(file, path, "rows"),
    keras: metadata["keras"] ?? "",
    layers: expectedIn(file, path, "layer"),
    winners: valuesIn(file, path, "logits/argmax"),
    margins: valuesIn(file, path, "logits/margin"),
    step: file.tensors.has("gradients/loss") ? stepIn(file, path) : null,
  };
}

function stepIn(file: SafetensorsFile, path: string): RecordedStep {
  return {
    rows: numberIn(file, path, "gradient_rows"),
    classes: numberIn(file, path, "head_classes"),
    frozenBlocks: numberIn(file, path, "frozen_blocks"),
    loss: valuesIn(file, path, "gradients/loss")[0] ?? Number.NaN,
    gradients: expectedIn(file, path, "gradient"),
  };
}

function expectedIn(file: SafetensorsFile, path: string, kind: string): readonly Expected[] {
  const [start, end] = [`${kind}/`, "/sample"];
  return [...file.tensors.keys()]
    .filter((key) => key.startsWith(start) && key.endsWith(end))
    .map((key) => {
      const name = key.slice(start.length, -end.length);
      const sample = Float64Array.from(valuesIn(file, path, key));
      const statistics = valuesIn(file, path, `${start}${name}/stats`);
      const [mean, spread, largest, kerasError] = statistics;
      if (
        mean === undefined ||
        spread === undefined ||
        largest === undefined ||
        kerasError === undefined
      ) {
        throw new FormatError(`${path}: ${name} has four statistics, got ${statistics.length}`);
      }
      return { name, sample, mean, spread, largest, kerasError };
    });
}

function valuesIn(file: SafetensorsFile, path: string, name: string): readonly number[] {
  const tensor = file.tensors.get(name);
  if (!tensor) throw new FormatError(`${path}: lacks the tensor ${name}`);
  return [...tensor.data];
}

function numberIn({ metadata }: SafetensorsFile, path: string, name: string): number {
  const value = Number(metadata[name] ?? Number.NaN);
  if (!Number.isSafeInteger(value)) {
    throw new FormatError(`${path}: ${name} is a count, got ${metadata[name]}`);
  }
  return value;
}
