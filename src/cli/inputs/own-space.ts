// A search space of the person's own: a program that exports `build(hp)`, in KerasTuner's style, which gives a model, and if it
// likes how that is trained.

import type { CleanData } from "../../data/clean.ts";
import { UsageError } from "../../engine/core/errors.ts";
import type { Model } from "../../engine/layers/model.ts";
import type { OptimizerName } from "../../engine/optim/create-optimizer.ts";
import { fileDigest } from "../../io/file-digest.ts";
import { importFile, thrown } from "../../io/program-file.ts";
import { checkRegularFile } from "../../io/regular-file.ts";
import { described } from "../../models/described-model.ts";
import { forData } from "../../models/for-data.ts";
import type { ModelConfig } from "../../models/models.ts";
import type { TrainingPlan } from "../../train/training.ts";
import { type HyperModel, HyperParameters } from "../../tune/hyper-parameters.ts";
import { trainingRange } from "../../tune/search-space.ts";
import { isModel, nameOfFile } from "./model-file.ts";

export const SPACE_FLAG = {
  space: {
    type: "string",
    value: "file",
    help: "a search of your own, in place of --model: a program (.ts) that exports build(hp), which gives a model, or { model, learningRate, batchSize }; its weights begin at random, and what it does not say of training is searched for too",
  },
} as const;

export interface OwnSpace {
  /** What `build` gives where everything has its default. */
  readonly config: ModelConfig;
  /** Of the program. */
  readonly sha256: string;
  readonly hyperModel: (data: CleanData, optimizer?: OptimizerName) => HyperModel<TrainingPlan>;
}

type Build = (hp: HyperParameters) => unknown;

/** Throws UsageError, naming --space, for a program that fails or does not give a model. */
export async function readOwnSpace(path: string): Promise<OwnSpace> {
  await checkRegularFile(path, "space");
  const program = { path, name: nameOfFile(path), build: await buildOf(path) };
  return {
    config: described(built(program, new HyperParameters()).model, program),
    sha256: await fileDigest(path, "sha256"),
    hyperModel: (data, optimizer) => (hp) => {
      const { model, learningRate, batchSize } = built(program, hp);
      const searched = trainingRange(hp, { learningRate, batchSize, optimizer });
      return { model: forData(described(model, program), data.train), training: searched };
    },
  };
}

async function buildOf(path: string): Promise<Build> {
  const found = await importFile(path, "space");
  const build = found["default"] ?? found["build"];
  if (typeof build === "function") return build as Build;
  throw new UsageError(`--space: ${path} must export a function build(hp), got ${typeof build}`, {
    help: 'for instance: export default (hp) => sequential("mine", [28, 28, 1], [flatten(), dense({ units: hp.int("units", { min: 32, max: 128, step: 32 }), activation: "relu" }), dense({ units: 10, activation: "softmax" })])',
  });
}

interface Built {
  readonly model: Model;
  readonly learningRate?: number;
  readonly batchSize?: number;
}

function built(
  { path, build }: { readonly path: string; readonly build: Build },
  hp: HyperParameters,
): Built {
  const given = run(path, () => build(hp));
  const parts = isModel(given) ? { model: given } : asParts(given);
  const { model, learningRate, batchSize, ...others } = parts;
  const refused = (rule: string, got: unknown): UsageError =>
    new UsageError(`--space: ${path}: ${rule}, got ${String(got)}`);
  if (!isModel(model)) throw refused("build(hp) must give a model", typeof model);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw refused("build(hp) must give model, learningRate and batchSize only", unknown);
  }
  const rate = optional(learningRate, (value) => value > 0);
  if (rate === null) throw refused("learningRate must be a number above 0", learningRate);
  const batch = optional(batchSize, (value) => Number.isSafeInteger(value) && value > 0);
  if (batch === null) throw refused("batchSize must be a count", batchSize);
  return {
    model,
    ...(rate && { learningRate: rate.value }),
    ...(batch && { batchSize: batch.value }),
  };
}

function asParts(given: unknown): Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null ? { ...given } : { model: given };
}

/** Null where it does not hold; undefined where nothing is said. */
function optional(
  value: unknown,
  holds: (value: number) => boolean,
): { readonly value: number } | null | undefined {
  if (value === undefined) return undefined;
  return typeof value === "number" && Number.isFinite(value) && holds(value) ? { value } : null;
}

/** A mistake in the program is the person's to mend, and no fault of ours. */
function run<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`--space: ${path}: build(hp) must give a model, got ${thrown(cause)}`, {
      cause,
    });
  }
}
