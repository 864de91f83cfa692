// Where a run is from that no training of its own made, such as a trial of a search: as its config.json says it, and in
// words.

import type { Trial } from "../tune/trial.ts";
import type { StudyDescription } from "./search-description.ts";

/** Numbers are those of the folders, from 1. */
export type RunOrigin =
  | {
      readonly kind: "trial";
      readonly trial: number;
      readonly tuner: string;
      /** The trial whose weights it went on from. */
      readonly parent?: number;
      /** Of a trial that is scored by folds. */
      readonly fold?: number;
      readonly folds?: number;
    }
  | { readonly kind: "fold"; readonly fold: number; readonly folds: number };

/** `trial 3, fold 2`, `fold 2 of 5`. */
export function originText(origin: RunOrigin): string {
  if (origin.kind === "fold") return `fold ${origin.fold} of ${origin.folds}`;
  const fold = origin.fold === undefined ? "" : `, fold ${origin.fold}`;
  return `trial ${origin.trial}${fold}`;
}

export function trialOrigin(
  { tuner, settings }: StudyDescription,
  trial: Trial,
  fold: number | null,
): RunOrigin {
  const parent = trial.values["tuner/trial_id"];
  return {
    ...{ kind: "trial", trial: Number(trial.id), tuner },
    ...(fold === null ? {} : { fold, folds: Number(settings["folds"]) }),
    ...(parent === undefined ? {} : { parent: Number(parent) }),
  };
}

/** How the trials of a search are trained, by the names that the flags of a training have. */
export function trialSettings({ settings, objective }: StudyDescription, { values }: Trial) {
  const { trainingSeed: seed = null, validation = null, limit = null, patience = 0 } = settings;
  return {
    ...{ epochs: values["tuner/epochs"] ?? settings["epochs"] ?? null },
    ...{ seed, validation, limit, patience, keepBest: objective.name },
  };
}
