// What becomes of the files that zoo.py has written: how far our predictions are from Keras's, or why a file is refused.

import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Device } from "../../src/engine/core/device.ts";
import { VitrineError } from "../../src/engine/core/errors.ts";
import { describeModel } from "../../src/engine/layers/model.ts";
import type { ReadModel } from "../../src/keras/read-model.ts";
import { predict } from "./predict.ts";
import { readModelInTurn, readWeightsInTurn } from "./read-in-turn.ts";

export interface Made {
  readonly name: string;
  readonly files: readonly string[];
  readonly compiled: boolean;
  /** Null where either is right. */
  readonly refused: boolean | null;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface Verdict {
  readonly file: string;
  /** Largest, as a share of the largest prediction; null where the file is refused. */
  readonly difference: number | null;
  /** Of a refusal, or of a failure. */
  readonly reason: string;
  readonly hasFailed: boolean;
  readonly hasState: boolean;
}

export const isWhole = (file: string) => !/\.(w|weights)\.h5$/.test(file);

/** Of a file of weights, for the model of the first whole file that can be read. */
async function modelOf(folder: string, made: Made, file: string): Promise<ReadModel> {
  const path = join(folder, file);
  if (isWhole(file)) return readModelInTurn(path);
  const whole = made.files.find(isWhole) ?? "";
  const read = await readModelInTurn(join(folder, whole));
  return { ...read, weights: await readWeightsInTurn(path, read.model) };
}

/** Spellings of the same network with the same weights are computed once. */
export class Predictions {
  readonly #device: Device;
  readonly #known = new Map<string, Promise<Float32Array>>();

  constructor(device: Device) {
    this.#device = device;
  }

  of({ model, weights }: ReadModel, x: readonly number[]): Promise<Float32Array> {
    const inputs = Float32Array.from(x);
    const hash = createHash("sha256").update(inputs);
    const { layers, calls } = describeModel(model);
    hash.update(JSON.stringify([layers.map(({ site: _, ...layer }) => layer), [...calls]]));
    for (const [name, data] of weights) hash.update(name).update(data);
    const key = hash.digest("hex");
    const found =
      this.#known.get(key) ?? predict(this.#device, { model, weights: new Map(weights), inputs });
    this.#known.set(key, found);
    return found;
  }
}

export async function verdict(
  predictions: Predictions,
  folder: string,
  made: Made,
  file: string,
): Promise<Verdict> {
  try {
    const read = await modelOf(folder, made, file);
    const found = await predictions.of(read, made.x);
    const largest = Math.max(...made.y.map(Math.abs));
    const off = made.y.map((value, index) => Math.abs(value - (found[index] ?? Number.NaN)));
    const difference = Math.max(...off) / largest;
    return {
      ...{ file, difference, reason: "", hasFailed: false },
      hasState: read.compiled?.state != null,
    };
  } catch (error) {
    const hasFailed = !(error instanceof VitrineError);
    const text = error instanceof Error ? error.message : String(error);
    const reason = hasFailed ? text : text.slice(text.indexOf(": ") + 2);
    return { file, difference: null, reason, hasFailed, hasState: false };
  }
}
