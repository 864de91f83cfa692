// Trials and folds that an earlier version left without the record of a run: what it would say follows from what lies beside
// them. And what a folder is that is no run.

import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import * as v from "valibot";
import { FASHION_MNIST_CLASSES } from "../data/fashion-mnist-classes.ts";
import { readJson } from "../io/read-json.ts";
import { count, jsonRecord, ordinal } from "../io/saved-values.ts";
import { checkModelConfig } from "../models/check-config.ts";
import { searchSpace } from "../tune/search-space.ts";
import type { Trial } from "../tune/trial.ts";
import { planOf } from "../tune/tuner.ts";
import { trialOrigin, trialSettings } from "./run-origin.ts";
import {
  DESCRIPTION,
  FORMAT,
  readDescription,
  type StudyDescription,
} from "./search-description.ts";
import { folderOfTrial, fromOne, readRecord, readTrial } from "./trial-file.ts";

/** The record of a run, but for its format; null for a folder that is neither trial nor fold. */
export async function olderRun(folder: string) {
  const names = await namesIn(folder);
  if (!names.includes("weights.safetensors")) return null;
  const above = dirname(resolve(folder));
  const beside = await namesIn(above);
  if (names.includes("trial.json") && beside.includes(DESCRIPTION)) {
    const { description } = await readDescription(above);
    const trial = await readTrial(join(folder, "trial.json"), { ...description, format: FORMAT });
    return trial && olderTrial(join(above, DESCRIPTION), description, trial);
  }
  if (names.includes("fold.json") && beside.includes("kfold.json")) {
    return olderFold(join(above, "kfold.json"), join(folder, "fold.json"));
  }
  return null;
}

function olderTrial(file: string, description: StudyDescription, trial: Trial) {
  const { model: name, space, settings } = description;
  const base = { name, ...(settings["base"] as object | undefined) };
  const start = checkModelConfig(base, file);
  const { model, training } = planOf(searchSpace(start), space, trial.values);
  return {
    model,
    training: { ...training, ...trialSettings(description, trial) },
    origin: trialOrigin(description, trial, null),
    ...UNKNOWN,
  };
}

/** An earlier version knew one data set. */
const UNKNOWN = { classNames: FASHION_MNIST_CLASSES, data: {}, adapter: "not recorded" } as const;

async function olderFold(manifest: string, result: string) {
  const whole = await readJson(manifest, foldsSchema, { what: "what a cross-validation is of" });
  const one = await readJson(result, foldSchema, { what: "the result of a fold" });
  const { model, training, seed, folds } = whole;
  return {
    model: checkModelConfig(model, manifest),
    training: { ...training, seed: one.seed ?? seed },
    origin: { kind: "fold", fold: one.fold + 1, folds } as const,
    ...UNKNOWN,
  };
}

const foldsSchema = v.object({
  model: jsonRecord,
  training: jsonRecord,
  seed: count,
  folds: ordinal,
});
const foldSchema = v.object({ fold: count, seed: v.optional(count) });
const bestSchema = v.object({
  trialId: v.pipe(v.string(), v.regex(/^\d{1,9}$/, "the number of a trial")),
  format: v.optional(ordinal),
});

export interface NoRun {
  /** What the folder is. */
  readonly got: string;
  readonly help?: string;
}

/** Of a folder that is no run: what it is, and which run may be meant. */
export async function describeNoRun(folder: string): Promise<NoRun> {
  const names = await namesIn(folder);
  const inside = (name: string): string => join(folder, name);
  if (names.includes("trial.json")) {
    const trial = await readRecord(inside("trial.json"), FORMAT);
    const { id, status, message } = trial ?? { id: "?", status: "running", message: null };
    if (names.includes("fold-1")) {
      const help = `it has a model for each fold; name one, such as ${inside("fold-1")}`;
      return { got: `trial ${id} in ${folder}, which was scored by folds`, help };
    }
    const why = status === "failed" ? `which failed: ${message}` : "which was not finished";
    return { got: `trial ${id} in ${folder}, ${why}` };
  }
  if (names.includes(DESCRIPTION)) return aStudy(folder, names);
  if (names.includes("kfold.json")) {
    const help = `name one of its folds, such as ${inside("fold-1")}`;
    return { got: `a cross-validation, ${folder}`, help };
  }
  if (names.includes("study.json")) {
    const help = `name a run in it, such as ${inside("04-training")}`;
    return { got: `a whole study, ${folder}`, help };
  }
  return { got: `${folder} without config.json` };
}

/** Names its best trial, where it has one. */
async function aStudy(folder: string, names: readonly string[]): Promise<NoRun> {
  const got = `a tuner's study, ${folder}`;
  if (!names.includes("best.json")) return { got, help: "none of its trials is scored yet" };
  const { trialId, format } = await readJson(join(folder, "best.json"), bestSchema, {
    what: "the best plan of a search",
  });
  // Folders of format 1 are named by ids of format 1.
  const best = join(folder, folderOfTrial(String(trialId)));
  const number = format === 1 ? fromOne(trialId) : String(trialId);
  return { got, help: `name one of its trials, such as the best, trial ${number}: ${best}` };
}

function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
