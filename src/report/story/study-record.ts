// What a study found, as plain data: the one thing that its report is written from. Every part is what one step left.

import type { DataLook } from "../../data/first-look.ts";
import type { JsonValue } from "../../io/files.ts";
import type { Logs } from "../../train/callbacks/callback.ts";
import type { Score } from "../../train/score.ts";

/** Raised when the record's parts change meaning. */
export const STUDY_FORMAT = 1;

/** The three figures of a model, in the order of what they are worth. */
export type ThreeFigures = {
  /** On rows kept out of training, which chose epoch and hyper-parameters. */
  readonly heldOut: Score;
  /** On the real test set, which chose nothing. */
  readonly test: Score;
  /** As the study scored: on all training rows, most of which the model was trained on. */
  readonly leaked: Score;
};

/** What was asked for; equal settings and data give equal figures on the same adapter. */
export type StudySettings = {
  readonly quick: boolean;
  readonly seed: number;
  /** sha256 of all images and labels. */
  readonly data: string;
  /** The first so many of the cleaned training rows; null uses all. */
  readonly rows: number | null;
  /** Share of the rows that is held out. */
  readonly validation: number;
  readonly trials: number;
  /** Of each trial. */
  readonly trialEpochs: number;
  /** Of the tuned model, at most. */
  readonly epochs: number;
  /** Epochs without a better val_loss before training stops, also in the folds. */
  readonly patience: number;
  readonly folds: number;
  /** Of each fold, at most. */
  readonly foldEpochs: number;
};

/** Of the rows as they were found; `kept` is what cleaning left of them. */
export type StudyData = DataLook & {
  readonly source: string;
  readonly kept: { readonly train: number; readonly test: number };
};

export type SplitLook = {
  readonly trainRows: number;
  readonly heldOutRows: number;
  /** By class. */
  readonly trainCounts: readonly number[];
  readonly heldOutCounts: readonly number[];
};

/** By name; one that does not count in a trial is not there. */
export type HyperParameterValues = Readonly<Record<string, string | number | boolean>>;

export type TrialLook = {
  /** From 1. */
  readonly number: number;
  readonly values: HyperParameterValues;
  /** val_accuracy of the best epoch; null when the trial failed. */
  readonly score: number | null;
  readonly bestEpoch: number | null;
  readonly seconds: number;
  /** Why it failed. */
  readonly message: string | null;
};

export type TunerLook = {
  /** Names of the hyper-parameters, in the order in which they were declared. */
  readonly names: readonly string[];
  readonly trials: readonly TrialLook[];
  /** Number of the best trial, from 1. */
  readonly best: number;
  readonly parameters: number;
};

export type TrainingLook = {
  /** Keras's table. */
  readonly summary: string;
  readonly parameters: number;
  readonly history: readonly Logs[];
  /** From 1: the epoch whose weights were kept. */
  readonly bestEpoch: number;
  readonly stoppedEarly: boolean;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly stepsPerEpoch: number;
  readonly msPerStep: number;
  readonly adapter: string;
};

export type EvaluationLook = {
  /** The tuned model, fully trained. */
  readonly model: ThreeFigures;
  /** The best trial's weights as the tuner left them: what the study called its LeNet-5. */
  readonly checkpoint: ThreeFigures;
  /** Of the test set, by [label][predicted]. */
  readonly confusion: readonly (readonly number[])[];
};

export type FoldLook = ThreeFigures & {
  /** From 1. */
  readonly fold: number;
  readonly trainRows: number;
  readonly epochs: number;
  readonly bestEpoch: number;
};

export type FoldsLook = {
  readonly folds: readonly FoldLook[];
  readonly adapter: string;
};

/** A transfer model: its figures, or why there are none. */
export type TransferLook = {
  readonly name: string;
  readonly title: string;
  readonly figures: ThreeFigures | null;
  readonly training: TransferTraining | null;
  /** Why it was skipped; empty when it was not. */
  readonly reason: string;
  /** What to do to have it in the next run of the study; empty when it is in. */
  readonly enable: string;
};

/** How the head of a transfer model was trained. */
export type TransferTraining = {
  /** Of the whole network. */
  readonly parameters: number;
  /** That the weights are from. */
  readonly file: string;
  readonly history: readonly Logs[];
  /** From 1. */
  readonly bestEpoch: number;
  readonly seconds: number;
  readonly adapter: string;
};

/** A step of the study: its folder and what it took. */
export type StepLook = {
  readonly folder: string;
  readonly title: string;
  readonly seconds: number;
  /** Of its seconds, those beside an earlier step; the study's time counts them once. */
  readonly beside: number;
};

export type StudyRecord = {
  readonly format: number;
  readonly settings: StudySettings;
  readonly steps: readonly StepLook[];
  /** The command that made it, and what its parts are made by, by folder. */
  readonly command: string;
  readonly commands: Readonly<Record<string, readonly string[]>>;
  readonly data: StudyData;
  readonly split: SplitLook;
  readonly tuner: TunerLook;
  readonly training: TrainingLook;
  readonly evaluation: EvaluationLook;
  readonly folds: FoldsLook;
  readonly transfer: readonly TransferLook[];
};

/** Proves that a record is JSON, whatever its parts become. */
export function studyJson(record: StudyRecord): JsonValue {
  return record;
}
