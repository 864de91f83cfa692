// A training's state as a file of the run's folder: safetensors, with what is no tensor as JSON in the metadata, both under a
// digest. The last two are kept, so that one that a power cut spoilt is not the end.

import { createHash } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { FormatError } from "../engine/core/errors.ts";
import type { Weights } from "../engine/layers/variables.ts";
import { type JsonValue, stableJson } from "../io/files.ts";
import { type NamedTensor, readSafetensors, writeSafetensors } from "../io/safetensors.ts";
import { parseJson } from "../io/saved-json.ts";
import { count } from "../io/saved-values.ts";
import type { Remembered } from "../train/callbacks/callback.ts";
import type { TrainingState } from "../train/training-state.ts";

/** Raised when the files change meaning; a newer one is refused. */
const FORMAT = 1;
const KEPT = 2;
/** Names of checkpoints within the folder. */
export const CHECKPOINT = /^checkpoint-(\d+)\.safetensors$/;

export interface Checkpoint {
  readonly state: TrainingState;
  /** That the training has taken so far. */
  readonly seconds: number;
  /** That it was trained on: on another, the same steps end in other bits. */
  readonly adapter: string;
}

const logs = v.record(v.string(), v.number());
const values = v.record(
  v.string(),
  v.custom<Remembered>((value) => value !== undefined),
);
const schema = v.object({
  format: v.literal(FORMAT),
  epoch: count,
  stepsOfEpoch: count,
  steps: count,
  learningRate: v.number(),
  history: v.array(logs),
  isStopped: v.boolean(),
  seconds: v.pipe(v.number(), v.minValue(0)),
  adapter: v.string(),
  /** Labels of the step's storages, in order. */
  storages: v.array(v.string()),
  hasWeights: v.boolean(),
  callbacks: v.record(v.string(), v.object({ values, hasWeights: v.boolean() })),
});

/** Writes the next checkpoint, whole or not at all, then removes all but the last two. */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const earlier = await checkpointsIn(folder);
  const number = (earlier.at(-1)?.number ?? 0) + 1;
  const text = stableJson(factsOf(checkpoint), 0);
  const path = join(folder, `checkpoint-${number}.safetensors`);
  await writeSafetensors(path, tensorsOf(checkpoint.state), {
    checkpoint: text,
    checkpointSha256: digestOf(text),
  });
  await removeCheckpoints(folder, { kept: KEPT });
}

/** All but the newest so many. */
export async function removeCheckpoints(
  folder: string,
  { kept }: { readonly kept: number },
): Promise<void> {
  const found = await checkpointsIn(folder);
  const old = found.slice(0, Math.max(0, found.length - kept));
  for (const { name } of old) await rm(join(folder, name), { force: true });
}

export interface FoundCheckpoint extends Checkpoint {
  readonly path: string;
  /** Newer ones that could not be read, and why: one line each. */
  readonly damaged: readonly string[];
}

/** The newest that is sound; null where there is none. Throws FormatError where there are some and all are damaged. */
export async function readCheckpoint(folder: string): Promise<FoundCheckpoint | null> {
  const damaged: string[] = [];
  for (const { name } of (await checkpointsIn(folder)).reverse()) {
    const path = join(folder, name);
    try {
      return { ...(await readOne(path)), path, damaged };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      damaged.push(error.message);
    }
  }
  const [newest] = damaged;
  if (newest === undefined) return null;
  throw new FormatError(newest, {
    help: "no checkpoint of the run is sound; remove them, and it begins anew",
  });
}

async function checkpointsIn(folder: string) {
  const found = (await readdir(folder)).flatMap((name) => {
    const number = CHECKPOINT.exec(name)?.[1];
    return number === undefined ? [] : [{ name, number: Number(number) }];
  });
  return found.sort((a, b) => a.number - b.number);
}

function factsOf({ state, seconds, adapter }: Checkpoint): JsonValue {
  const { epoch, stepsOfEpoch, steps, step, learningRate, history, isStopped } = state;
  return {
    ...{
      format: FORMAT,
      epoch,
      stepsOfEpoch,
      steps,
      learningRate,
      history,
      isStopped,
      seconds,
      adapter,
    },
    storages: step.map(({ label }) => label),
    hasWeights: state.weights !== null,
    callbacks: Object.fromEntries(
      [...state.callbacks].map(([name, { values, weights }]) => [
        name,
        { values, hasWeights: weights !== undefined },
      ]),
    ),
  };
}

const stepTensor = (index: number): string => `step/${index}`;
const callbackPrefix = (name: string): string => `callbacks/${name}/`;
const WEIGHTS = "weights/";

function tensorsOf({ step, weights, callbacks }: TrainingState): NamedTensor[] {
  return [
    ...step.map(({ bytes }, index) => {
      const data = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
      return { name: stepTensor(index), dtype: "U32", shape: [data.length], data } as const;
    }),
    ...named(WEIGHTS, weights ?? new Map()),
    ...[...callbacks].flatMap(([name, state]) =>
      named(callbackPrefix(name), state.weights ?? new Map()),
    ),
  ];
}

function named(prefix: string, weights: Weights): NamedTensor[] {
  return [...weights].map(([name, data]) => {
    return { name: `${prefix}${name}`, dtype: "F32", shape: [data.length], data };
  });
}

async function readOne(path: string): Promise<Checkpoint> {
  const { tensors, metadata } = await readSafetensors(path);
  const text = metadata["checkpoint"];
  if (text === undefined || metadata["checkpointSha256"] !== digestOf(text)) {
    throw new FormatError(`${path}: must hold a training's state under its digest, got another`);
  }
  const saved = { what: "a training's state", format: FORMAT };
  const found = parseJson(text, { schema, name: path, saved });
  const { storages, hasWeights, callbacks, seconds, adapter, format: _, ...facts } = found;
  const state: TrainingState = {
    ...facts,
    step: storages.map((label, index) => {
      const { data } = tensorOf(tensors, stepTensor(index), path);
      const { buffer, byteOffset, byteLength } = data;
      return { label, bytes: new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength) };
    }),
    weights: hasWeights ? weightsOf(tensors, WEIGHTS) : null,
    callbacks: new Map(
      Object.entries(callbacks).map(([name, { values, hasWeights }]) => {
        const weights = hasWeights ? weightsOf(tensors, callbackPrefix(name)) : undefined;
        return [name, { values, weights }] as const;
      }),
    ),
  };
  return { state, seconds, adapter };
}

type Tensors = ReadonlyMap<string, NamedTensor>;

function tensorOf(tensors: Tensors, name: string, path: string): NamedTensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new FormatError(`${path}: must hold ${name}, got a file without it`);
  return tensor;
}

function weightsOf(tensors: Tensors, prefix: string): Weights {
  return new Map(
    [...tensors].flatMap(([name, { data }]) =>
      name.startsWith(prefix) && data instanceof Float32Array
        ? [[name.slice(prefix.length), data as Float32Array<ArrayBuffer>] as const]
        : [],
    ),
  );
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
