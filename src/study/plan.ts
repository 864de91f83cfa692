// How large a study is: the full one and the quick one, as settings. What the steps do with them is the steps' business.

import { createHash } from "node:crypto";
import type { CleanData } from "../data/clean.ts";
import { UsageError } from "../engine/core/errors.ts";
import type { StudySettings } from "../report/story/study-record.ts";

type Size = Omit<StudySettings, "quick" | "seed" | "data">;

/**
 * The study's own protocol, with two numbers that it does not print: three epochs a trial fit its 15 s a trial, and
 * ten epochs a fold, all at the first rate, fit into half an hour on two cores.
 */
const FULL: Size = {
  rows: null,
  validation: 0.05,
  trials: 8,
  trialEpochs: 3,
  epochs: 20,
  patience: 5,
  folds: 5,
  foldEpochs: 10,
};

/** Every step, within minutes on a processor. */
const QUICK: Size = {
  rows: 10_000,
  validation: 0.1,
  trials: 8,
  trialEpochs: 2,
  epochs: 6,
  patience: 5,
  folds: 5,
  foldEpochs: 3,
};

export interface StudyRequest {
  readonly quick: boolean;
  readonly seed: number;
}

/** Fewer could not be split, held out and folded by class in batches of 100. */
const FEWEST_ROWS = 300;

/** Throws UsageError for data that is too small for the steps. */
export function studySettings({ quick, seed }: StudyRequest, data: CleanData): StudySettings {
  if (data.train.rows < FEWEST_ROWS || data.test.rows === 0) {
    const got = `${data.train.rows} and ${data.test.rows}`;
    throw new UsageError(
      `--data: a study needs at least ${FEWEST_ROWS} training rows and 1 test row, got ${got}`,
    );
  }
  const size = quick ? QUICK : FULL;
  const rows = size.rows === null ? null : Math.min(size.rows, data.train.rows);
  return { ...size, rows, quick, seed, data: fingerprint(data) };
}

/** Of what was read, wherever it lay. */
function fingerprint({ train, test }: CleanData): string {
  const hash = createHash("sha256");
  for (const { images, labels } of [train, test]) hash.update(images).update(labels);
  return hash.digest("hex");
}
