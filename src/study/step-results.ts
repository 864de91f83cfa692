// What the steps of a study leave, as schemas: a result of an earlier run is checked before the study goes on from it.

import * as v from "valibot";
import { amount, count, finite, logs, ordinal, score } from "../io/saved-values.ts";
import type {
  EvaluationLook,
  FoldsLook,
  SplitLook,
  StudyData,
  ThreeFigures,
  TrainingLook,
  TransferTraining,
  TunerLook,
} from "../report/story/study-record.ts";

/** Of one ImageNet network. */
export type TransferResult = {
  readonly figures: ThreeFigures;
  readonly training: TransferTraining;
};

/** By the step's folder; the models of the last share a kind. */
export type StepResults = {
  readonly "01-data": StudyData;
  readonly "02-split": SplitLook;
  readonly "03-tuner": TunerLook;
  readonly "04-training": TrainingLook;
  readonly "05-evaluation": EvaluationLook;
  readonly "06-folds": FoldsLook;
  readonly "07-transfer": TransferResult;
};
export type StepKind = keyof StepResults;

const counts = v.array(count);
const byte = v.pipe(count, v.maxValue(255));

const part = v.object({
  ...{ rows: count, columns: count, missingValues: count, missingRows: count, duplicates: count },
  ...{ least: byte, greatest: byte, classCounts: counts },
});

const figures = { heldOut: score, test: score, leaked: score };

const trial = v.object({
  number: ordinal,
  values: v.record(v.string(), v.union([v.string(), finite, v.boolean()])),
  score: v.nullable(v.pipe(finite, v.minValue(0), v.maxValue(1))),
  bestEpoch: v.nullable(count),
  seconds: amount,
  message: v.nullable(v.string()),
});

export const STEP_RESULTS: {
  readonly [Kind in StepKind]: v.GenericSchema<unknown, StepResults[Kind]>;
} = {
  "01-data": v.object({
    ...{ train: part, test: part, shared: count, classNames: v.array(v.string()) },
    source: v.string(),
    kept: v.object({ train: count, test: count }),
  }),
  "02-split": v.object({
    ...{ trainRows: count, heldOutRows: count },
    ...{ trainCounts: counts, heldOutCounts: counts },
  }),
  "03-tuner": v.object({
    names: v.array(v.string()),
    trials: v.array(trial),
    ...{ best: ordinal, parameters: count },
  }),
  "04-training": v.object({
    ...{ summary: v.string(), parameters: count, history: v.array(logs), bestEpoch: count },
    ...{ stoppedEarly: v.boolean(), batchSize: ordinal, learningRate: amount },
    ...{ stepsPerEpoch: amount, msPerStep: amount, adapter: v.string() },
  }),
  "05-evaluation": v.object({
    model: v.object(figures),
    checkpoint: v.object(figures),
    confusion: v.array(counts),
  }),
  "06-folds": v.object({
    folds: v.array(
      v.object({
        ...{ fold: ordinal, trainRows: count, epochs: count, bestEpoch: count },
        ...figures,
      }),
    ),
    adapter: v.string(),
  }),
  "07-transfer": v.object({
    figures: v.object(figures),
    training: v.object({
      ...{ parameters: count, file: v.string(), history: v.array(logs), bestEpoch: count },
      ...{ seconds: amount, adapter: v.string() },
    }),
  }),
};
