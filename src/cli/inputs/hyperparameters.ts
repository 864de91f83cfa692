// Reads what a tuner found: the model and how to train it, of a study's best trial or of any trial, whose folder is a run.

import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { UsageError } from "../../engine/core/errors.ts";
import { readJson } from "../../io/read-json.ts";
import { checkJson } from "../../io/saved-json.ts";
import { jsonRecord, ordinal, rate } from "../../io/saved-values.ts";
import { checkModelConfig } from "../../models/check-config.ts";
import type { ModelConfig } from "../../models/models.ts";
import { optimisationEntries } from "../../runs/optimisation-record.ts";
import { readRunConfig } from "../../runs/run-folder.ts";
import { originText } from "../../runs/run-origin.ts";
import type { RunConfig } from "../../runs/run-record.ts";
import { FORMAT } from "../../runs/search-description.ts";
import { readStudy } from "../../runs/search-folder.ts";
import type { Optimisation } from "../../train/training.ts";
import { type Objective, objectiveOf } from "../../tune/trial.ts";

export interface Hyperparameters {
  readonly model: ModelConfig;
  readonly training: { readonly learningRate: number; readonly batchSize: number };
  /** How a search trained its trials, beyond that. */
  readonly optimisation: Optimisation;
  /** `trial 3 in runs/study` */
  readonly source: string;
  /** How the trial was trained, where its record says so. */
  readonly run: RunConfig | null;
}

/** `folder`: a study, or one of its trials. Throws UsageError for another folder, FormatError for a damaged one. */
export async function readHyperparameters(folder: string): Promise<Hyperparameters> {
  if (existsSync(join(folder, "best.json"))) return ofStudy(folder);
  if (!existsSync(join(folder, "trial.json")) && !existsSync(join(folder, "config.json"))) {
    throw new UsageError(
      `--hyperparameters: must be the folder of a tuner's study, or of one of its trials, got ${folder} without best.json`,
      { help: "`npm run tune -- --help` tells how to make one" },
    );
  }
  return ofRun(folder);
}

async function ofStudy(study: string): Promise<Hyperparameters> {
  const path = join(study, "best.json");
  const { model, training, trialId, format } = await readJson(path, bestSchema, {
    what: "the best plan of a search",
    format: FORMAT,
  });
  // Format 1 counted from 0.
  const number = format === 1 ? Number(trialId) + 1 : Number(trialId);
  return {
    model: checkModelConfig(model, path),
    ...parts(training),
    source: `trial ${number} in ${study}`,
    run: await recordOf(study, String(number)),
  };
}

/** Of a trial that is still there and has one model. */
async function recordOf(study: string, id: string): Promise<RunConfig | null> {
  if (!existsSync(join(study, "oracle.json"))) return null;
  const trial = (await readStudy(study)).trialFolder(id);
  const isRun = existsSync(join(trial, "weights.safetensors"));
  return isRun ? await readRunConfig(trial) : null;
}

async function ofRun(folder: string): Promise<Hyperparameters> {
  const run = await readRunConfig(folder).catch((error: unknown) => {
    if (!(error instanceof UsageError)) throw error;
    const { help, message } = error;
    const told = message.replace(
      /^run: must be the folder of a saved run/,
      "--hyperparameters: must be the folder of a study or a trial",
    );
    throw new UsageError(told, { ...(help === undefined ? {} : { help }), cause: error });
  });
  const { model, training, origin } = run;
  const source = origin ? `${originText(origin)} in ${folder}` : `the run ${folder}`;
  const saved = { what: "how a run was trained" };
  const plan = checkJson(training, { schema: planSchema, name: `${folder}: training`, saved });
  const { training: asked, optimisation } = parts(plan);
  // A training by flags has flags that repeat it; a trial's go with it.
  return {
    model,
    training: asked,
    optimisation: origin?.kind === "trial" ? optimisation : {},
    source,
    run,
  };
}

const planSchema = v.object({ learningRate: rate, batchSize: ordinal, ...optimisationEntries });

function parts({ learningRate, batchSize, ...optimisation }: v.InferOutput<typeof planSchema>) {
  return { training: { learningRate, batchSize }, optimisation: optimisation as Optimisation };
}

/** A study's best.json. */
const bestSchema = v.object({
  model: jsonRecord,
  training: planSchema,
  trialId: v.pipe(v.string(), v.regex(/^\d{1,9}$/, "the number of a trial")),
  format: v.optional(ordinal),
});

/** What the trial's kept epoch was the best of; null where the record does not say. */
export function keptBy({ run }: Hyperparameters): Objective | null {
  const name = run?.training["keepBest"];
  return typeof name === "string" ? objectiveOf(name) : null;
}

const REPEATED = ["epochs", "patience", "seed", "validation", "limit"] as const;

export type RepeatFlags = { readonly [K in (typeof REPEATED)[number]]: number | undefined };

/**
 * What keeps a training from ending as its trial did, a sentence; null where nothing does: the flags that would have to be
 * given, or that the trial did not start afresh.
 */
function differenceFromTrial({ run }: Hyperparameters, flags: RepeatFlags): string | null {
  if (run?.origin?.kind !== "trial") return null;
  const { trial, parent, fold } = run.origin;
  if (parent !== undefined) {
    return `trial ${trial} went on from the weights of trial ${parent}; this training begins with fresh ones`;
  }
  if (fold !== undefined) return `trial ${trial} was trained on folds, which train has none of`;
  const other = REPEATED.filter((name) => (run.training[name] ?? null) !== (flags[name] ?? null));
  if (other.length === 0) return null;
  const given = other.map((name) => {
    const value = run.training[name];
    return value === null ? `no --${name}` : `--${name} ${value}`;
  });
  return `trial ${trial} itself was trained with ${given.join(" ")}`;
}

/** What a training by `found` says of it before it begins. */
export function foundLines(
  { batchSize, learningRate }: Hyperparameters["training"],
  found: Hyperparameters,
  flags: RepeatFlags,
): string[] {
  const kept = keptBy(found);
  const epoch = kept ? `, the epoch of the best ${kept.name} is kept` : "";
  const note = differenceFromTrial(found, flags);
  return [
    `settings   of ${found.source}: batch ${batchSize}, rate ${Number(learningRate.toPrecision(5))}${epoch}`,
    ...(note === null ? [] : [`note       ${note}`]),
  ];
}
