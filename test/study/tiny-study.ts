// A study small enough for a test: every step for real, on few rows and epochs.

import type { CleanData } from "../../src/data/clean.ts";
import type { StudyRecord, StudySettings } from "../../src/report/story/study-record.ts";
import type { StudyScreen } from "../../src/study/context.ts";
import { runStudy, type StudyOutcome } from "../../src/study/run-study.ts";
import { StepStore } from "../../src/study/step-store.ts";
import type { StudyOptions } from "../../src/study/study-options.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const NOTHING = { missing: [], duplicates: [] };

export const DATA: CleanData = {
  train: smallDataset(400, 1),
  test: smallDataset(120, 2),
  source: "made for a test in <memory> & nowhere else",
  keepsDuplicates: false,
  cleaning: { train: NOTHING, test: NOTHING },
};

export const TINY: StudySettings = {
  quick: false,
  seed: 42,
  data: "tiny",
  rows: 360,
  validation: 0.1,
  trials: 2,
  trialEpochs: 1,
  epochs: 3,
  patience: 1,
  folds: 3,
  foldEpochs: 2,
};

/** Hears every line, step and finished epoch; may throw, or abort the study. */
export type Listener = (what: string) => void;

export interface TinyOptions {
  readonly settings?: StudySettings;
  readonly signal?: AbortSignal;
  readonly listener?: Listener;
  readonly overwrite?: boolean;
  /** File with VGG19's weights, if there is one. */
  readonly vgg19?: string;
  /** Default none: it trains by itself. */
  readonly openWorkers?: StudyOptions["openWorkers"];
  /** As if the folder could not be written. */
  readonly isReadOnly?: boolean;
}

export async function tinyStudy(folder: string, options: TinyOptions = {}): Promise<StudyOutcome> {
  const { settings = TINY, listener = () => undefined, overwrite = false } = options;
  const { isReadOnly = false } = options;
  return runStudy({
    store: isReadOnly
      ? await StepStore.openReadOnly(folder, settings)
      : await StepStore.open(folder, settings, overwrite),
    found: DATA,
    clean: DATA,
    openDevice: () => gpu(),
    openWorkers: options.openWorkers ?? (async () => null),
    screen: screenOf(listener),
    signal: options.signal ?? new AbortController().signal,
    transfer: {
      findWeights: async (name) => (name === "vgg19" ? (options.vgg19 ?? null) : null),
      howTo: (name) => `Fetch those of ${name}.`,
      featureFolder: folder,
    },
    command: "npm run study",
    dataFlags: "",
  });
}

function screenOf(listener: Listener): StudyScreen {
  return {
    begin: ({ title }) => listener(`begin ${title}`),
    kept: ({ title }) => listener(`kept ${title}`),
    say: listener,
    base: () => ({
      onCompile: () => undefined,
      onCompiled: () => undefined,
      onProgress: () => undefined,
    }),
    training: () => ({
      onCompile: () => undefined,
      onCompiled: () => undefined,
      onEpochBegin: (epoch) => listener(`epoch ${epoch} begins`),
      onProgress: () => undefined,
      onEpochEnd: (epoch) => listener(`epoch ${epoch} ends`),
    }),
  };
}

/** What must not depend on when it was made: everything but times. */
export function figuresOf({ record }: StudyOutcome): StudyRecord {
  const { steps, training, tuner } = record;
  return {
    ...record,
    steps: steps.map((step) => ({ ...step, seconds: 0, beside: 0 })),
    training: { ...training, msPerStep: 0 },
    tuner: { ...tuner, trials: tuner.trials.map((trial) => ({ ...trial, seconds: 0 })) },
  };
}
