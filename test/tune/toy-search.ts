// A search whose trials take no time, for tests of the search itself: it can be killed at any step.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import * as assert from "uvu/assert";
import { ShapeError } from "../../src/engine/core/errors.ts";
import type { StudyDescription } from "../../src/runs/search-description.ts";
import { openStudy } from "../../src/runs/search-folder.ts";
import { type HyperParameters, spaceOf } from "../../src/tune/hyper-parameters.ts";
import { BayesianOptimization } from "../../src/tune/oracles/bayesian-optimization.ts";
import { GridSearch } from "../../src/tune/oracles/grid-search.ts";
import { Hyperband } from "../../src/tune/oracles/hyperband.ts";
import type { Oracle } from "../../src/tune/oracles/oracle.ts";
import { RandomSearch } from "../../src/tune/oracles/random-search.ts";
import { objectiveOf } from "../../src/tune/trial.ts";
import {
  type SearchResult,
  search,
  type TrialJob,
  type TrialOutcome,
} from "../../src/tune/tuner.ts";

export const OBJECTIVE = objectiveOf("val_accuracy");

export const hyperModel = (hp: HyperParameters) => ({
  model: { name: "toy", width: hp.int("width", { min: 1, max: 9 }) },
  training: { rate: hp.float("rate", { min: 1e-4, max: 1, sampling: "log" }) },
});
export const SPACE = spaceOf(hyperModel);
export type Plan = ReturnType<typeof hyperModel>;

export const seed = 3;
export const ORACLES: Record<string, () => Oracle> = {
  random: () => new RandomSearch(SPACE, { seed }),
  grid: () => new GridSearch(SPACE),
  hyperband: () => new Hyperband(SPACE, { maxEpochs: 4, factor: 2, seed, objective: OBJECTIVE }),
  bayesian: () => new BayesianOptimization(SPACE, { initialPoints: 3, seed, objective: OBJECTIVE }),
};

export function describe(oracle: Oracle, maxTrials: number | null): StudyDescription {
  const { name: tuner, settings } = oracle;
  return { model: "toy", tuner, objective: OBJECTIVE, maxTrials, space: SPACE, settings };
}

export class Killed extends Error {}

/** Counts down on every step of a search; at zero, the process dies. */
export class Fuse {
  left: number;
  constructor(left: number) {
    this.left = left;
  }
  step(): void {
    if (this.left-- === 0) throw new Killed("killed");
  }
}

/** A "training" whose result depends on the job alone: on what its parent left, too. */
export function toyRun(job: TrialJob<Plan>): TrialOutcome {
  const { plan, initialEpoch, epochs, parentWeights, trial } = job;
  const { width } = plan.model;
  if (width === 9) throw new ShapeError("toy: width must be below 9, got 9");
  const start = parentWeights?.[0]?.data[0] ?? 0;
  assert.is(parentWeights !== null, trial.values["tuner/trial_id"] !== undefined);
  const gain = 1 - Math.abs(width - 5) / 10 - Math.abs(Math.log10(plan.training.rate) + 2) / 20;
  const history = Array.from({ length: epochs - initialEpoch }, (_, i) => {
    const epoch = initialEpoch + i + 1;
    return {
      epoch,
      loss: i === 0 ? Number.NaN : 1 / epoch,
      val_accuracy: gain * (1 - 0.5 ** epoch),
    };
  });
  const score = history.at(-1)?.["val_accuracy"] ?? 0;
  const weights = [
    { name: "w", dtype: "F32" as const, shape: [1], data: new Float32Array([start + score]) },
  ];
  const models = [{ fold: null, bestEpoch: epochs, history, weights }];
  return { score, bestEpoch: epochs, folds: [], history, message: null, models };
}

export interface Attempt {
  readonly folder: string;
  readonly oracle: Oracle;
  readonly maxTrials: number | null;
  readonly fuse?: Fuse;
  readonly run?: (job: TrialJob<Plan>) => TrialOutcome;
  readonly parallel?: number;
  readonly isOwn?: (id: string) => boolean;
  /** Turns of the event loop that a trial takes, so that others may overtake it. */
  readonly turnsOf?: (job: TrialJob<Plan>) => number;
}

export async function attempt(options: Attempt) {
  const { folder, oracle, maxTrials, fuse, run = toyRun, parallel, isOwn, turnsOf } = options;
  const study = await openStudy(folder, describe(oracle, maxTrials));
  return await search<Plan>({
    study,
    oracle,
    space: SPACE,
    hyperModel,
    objective: OBJECTIVE,
    maxTrials,
    epochs: 2,
    parallel,
    isOwn,
    run: async (job) => {
      fuse?.step();
      for (let turns = turnsOf?.(job) ?? 0; turns > 0; turns--) await setImmediate();
      const outcome = run(job);
      fuse?.step();
      return outcome;
    },
    onTrialBegin: () => fuse?.step(),
    onTrialEnd: () => fuse?.step(),
  });
}

/** What a study holds, but for the time it took. */
export function contentOf(folder: string): Record<string, string> {
  // The lock goes with the process that holds it.
  const names = readdirSync(folder, { recursive: true }).map(String).sort();
  const files = names.filter((name) => name !== ".lock");
  const texts = files.flatMap((name): [string, string][] => {
    if (!name.includes(".")) return [[name, "folder"]];
    const text = readFileSync(join(folder, name)).toString("latin1");
    return [[name, text.replace(/"seconds": [\d.e-]+/, "")]];
  });
  return Object.fromEntries(texts);
}

export const outline = ({ trials, best }: SearchResult) => ({
  best: best?.id,
  trials: trials.map(({ seconds: _, ...trial }) => trial),
});
