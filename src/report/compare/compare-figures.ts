// What several runs are beside each other, scored on the same rows: every pair tested and held together, the rows that they
// dispute, and what their configurations do not share.

import { createHash } from "node:crypto";
import { describeModel } from "../../engine/layers/model.ts";
import { formatCount } from "../../format/number-format.ts";
import { type JsonValue, stableJson } from "../../io/files.ts";
import { createModel, isOwn, type ModelConfig } from "../../models/models.ts";
import type { RunConfig } from "../../runs/run-record.ts";
import {
  type Agreement,
  agreementOf,
  type Disagreement,
  disagreements,
  pairedCounts,
} from "../../train/metrics/agreement.ts";
import {
  holmCorrection,
  type McNemar,
  mcnemarTest,
  type PairedCounts,
} from "../../train/metrics/mcnemar.ts";
import { meanPredictions, type Predictions } from "../../train/metrics/predictions.ts";
import { figuresJson, type RunFigures, runFigures } from "../run/run-figures.ts";
import { isRecord, type JsonRecord, type RunFiles } from "../run/run-files.ts";

export interface ScoredRun {
  /** A, B, …: what tables call it. */
  readonly letter: string;
  /** `A: lenet5-tanh` */
  readonly name: string;
  /** The folder, as it was given. */
  readonly run: string;
  readonly config: RunConfig;
  readonly files: RunFiles;
  readonly parameters: number;
  readonly predictions: Predictions;
}

export interface ComparedRun extends ScoredRun {
  readonly figures: RunFigures;
}

export interface ComparedPair {
  readonly first: ComparedRun;
  readonly second: ComparedRun;
  readonly counts: PairedCounts;
  readonly test: McNemar;
  /** The test's p, corrected for as many tests as there are pairs. */
  readonly corrected: number;
}

export interface Setting {
  /** `training.learningRate` */
  readonly name: string;
  /** By run; undefined where a run has none. */
  readonly values: readonly JsonValue[];
}

export interface Comparison {
  readonly runs: readonly [ComparedRun, ...ComparedRun[]];
  /** The most accurate; of equals the first. */
  readonly best: ComparedRun;
  readonly pairs: readonly ComparedPair[];
  /** By [run][run]. */
  readonly agreement: readonly (readonly Agreement[])[];
  readonly disputed: readonly Disagreement[];
  /** Of the mean of all runs' probabilities. */
  readonly ensemble: RunFigures;
  readonly settings: readonly Setting[];
}

export function compareRuns(
  scored: readonly [ScoredRun, ...ScoredRun[]],
  classes: number,
): Comparison {
  const withFigures = (run: ScoredRun): ComparedRun => ({
    ...run,
    figures: runFigures(run.predictions, classes),
  });
  const [first, ...others] = scored;
  const runs = [withFigures(first), ...others.map(withFigures)] as const;
  const [best = runs[0]] = [...runs].sort(
    (a, b) => b.figures.scores.accuracy - a.figures.scores.accuracy,
  );
  const all = runs.map(({ predictions }) => predictions);
  return {
    ...{ runs, best, pairs: pairsOf(runs) },
    agreement: runs.map((one) =>
      runs.map((other) => agreementOf(one.predictions, other.predictions, classes)),
    ),
    disputed: disagreements(all),
    ensemble: runFigures(meanPredictions(all), classes),
    settings: differentSettings(runs),
  };
}

function pairsOf(runs: readonly ComparedRun[]): ComparedPair[] {
  const pairs = runs.flatMap((first, i) =>
    runs.slice(i + 1).map((second) => {
      const counts = pairedCounts(first.predictions, second.predictions);
      return { first, second, counts, test: mcnemarTest(counts) };
    }),
  );
  const corrected = holmCorrection(pairs.map(({ test }) => test.p));
  return pairs.map((pair, i) => ({ ...pair, corrected: corrected[i] ?? 1 }));
}

/** Only what is not the same for all: settings of model and training, data and adapter. */
function differentSettings(runs: readonly ComparedRun[]): Setting[] {
  const flat = runs.map(({ config: { model, training, data, adapter } }) => {
    // A configuration is JSON; its type is an interface, which has no index signature.
    const ofModel = toldModel(model) as unknown as JsonRecord;
    return new Map(flatten({ model: ofModel, training, data, adapter }, ""));
  });
  // The model's name first: it says which other settings there are.
  const names = new Set(["model.name", ...flat.flatMap((settings) => [...settings.keys()])]);
  return [...names]
    .map((name) => ({ name, values: flat.map((settings) => settings.get(name)) }))
    .filter(isDifferent);
}

/** Of a file's network, how large it is and which, in place of its description in JSON. */
function toldModel(model: ModelConfig): object {
  if (!isOwn(model)) return model;
  const { architecture, ...others } = model;
  const { layers, trainable, nonTrainable } = describeModel(createModel(model));
  const digest = createHash("sha256").update(stableJson(architecture)).digest("hex").slice(0, 8);
  const size = `${layers.length} layers, ${formatCount(trainable + nonTrainable)} parameters`;
  return { ...others, network: `${size} (${digest})` };
}

/** What digests of the data are called among settings. */
export const DIGESTS = "data.sha256.";

/** A digest that a run did not record contradicts nothing; of a setting, it stands for the default. */
function isDifferent({ name, values }: Setting): boolean {
  const told = name.startsWith(DIGESTS) ? values.filter((value) => value !== undefined) : values;
  return new Set(told.map((value) => JSON.stringify(value ?? null))).size > 1;
}

function flatten(record: JsonRecord, prefix: string): [string, JsonValue][] {
  return Object.entries(record).flatMap(([key, value]): [string, JsonValue][] => {
    const name = prefix === "" ? key : `${prefix}.${key}`;
    return isRecord(value) ? flatten(value, name) : [[name, value]];
  });
}

/** For `--json`. */
export function comparisonJson(
  { runs, best, pairs, agreement, disputed, ensemble, settings }: Comparison,
  classNames: readonly string[],
) {
  return {
    classNames,
    best: best.run,
    runs: runs.map(({ run, letter, config, figures, parameters }) => ({
      ...{ run, letter, model: config.model.name, parameters },
      ...figuresJson(figures, classNames),
    })),
    mcnemar: pairs.map(({ first, second, counts, test, corrected }) => ({
      first: first.run,
      second: second.run,
      ...counts,
      ...test,
      holm: corrected,
    })),
    agreement: agreement.map((line) => line.map((pair) => ({ ...pair }))),
    ensemble: { accuracy: ensemble.scores.accuracy, loss: ensemble.loss },
    disagreements: disputed.map(({ row }) => ({
      row,
      label: runs[0].predictions.labels[row] ?? 0,
      predicted: runs.map(({ predictions }) => predictions.predicted[row] ?? 0),
      probabilities: runs.map(({ predictions }) => predictions.confidences[row] ?? 0),
    })),
    differences: settings.map(({ name, values }) => ({
      name,
      values: values.map((value) => value ?? null),
    })),
  } satisfies JsonValue;
}
