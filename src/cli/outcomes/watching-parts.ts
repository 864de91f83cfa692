// Trials and folds for the page of a run: each is told when it begins and when it ends, those of earlier runs at once.

import type { ProgressMessage } from "../../queue/trial-message.ts";
import type { SavedFold } from "../../runs/kfold-folder.ts";
import { type FitEvents, together } from "../../train/fit-events.ts";
import type { Space } from "../../tune/space.ts";
import type { TrialEvents } from "../../tune/train-trial.ts";
import type { Trial } from "../../tune/trial.ts";
import { curvesOf, placesOf } from "../../watch/parts-plan.ts";
import type { Watching } from "./watching.ts";

export interface TrialsPlan {
  readonly space: Space;
  /** Null where nobody knows. */
  readonly total: number | null;
  /** 1 where trials are not scored by folds. */
  readonly folds: number;
}

/** Trials by their number, from 1, in the order in which they are run. */
export class TrialsWatch {
  readonly #watching: Watching;
  readonly #plan: TrialsPlan;
  #number = 0;

  constructor(watching: Watching, plan: TrialsPlan, finished: readonly Trial[]) {
    this.#watching = watching;
    this.#plan = plan;
    for (const trial of finished) {
      this.begin(trial);
      this.end(trial, true);
    }
  }

  begin(trial: Trial): void {
    this.#number = Number(trial.id);
    const { space } = this.#plan;
    const part = trialPart(trial.id);
    this.#watching.log.tell({ type: "part", part, ...placesOf(space, trial.values) });
  }

  /** Of a trial that another process runs. */
  readonly progress = (id: string, progress: ProgressMessage): void => {
    this.#watching.log.tell({ type: "partProgress", part: trialPart(id), ...progress });
  };

  /** What a trial's training tells, the display's share included. */
  events(
    display: TrialEvents,
    job: { readonly epochs: number; readonly batchSize: number },
  ): TrialEvents {
    const { fit } = this.#watching;
    const { folds, total } = this.#plan;
    const trials = total === null ? null : total - this.#number;
    const begin = (name: string, fold: number): void => {
      const remaining = trials === null ? null : folds - fold - 1 + trials * folds;
      fit.begin({ name, ...job, remaining });
    };
    const part = trialPart(String(this.#number));
    begin(part, 0);
    return {
      ...together(display, fit),
      onFoldBegin: (fold) => {
        if (fold > 0) fit.end();
        begin(`${part}, fold ${fold + 1}`, fold);
        display.onFoldBegin?.(fold);
      },
    };
  }

  /** Of one whose epochs were not told, of an earlier run or another process, its history is told now. */
  end(trial: Trial, isUntold = false): void {
    if (!isUntold) this.#watching.fit.end();
    const part = trialPart(trial.id);
    const { score, bestEpoch, seconds, message, history } = trial;
    this.#watching.log.tell({
      ...{ type: "partEnd", part, score, bestEpoch, seconds, message, figures: {} },
      history: isUntold ? curvesOf(part, history) : null,
    });
  }
}

function trialPart(id: string): string {
  return `trial ${Number(id)}`;
}

export interface FoldsPlan {
  readonly folds: number;
  readonly epochs: number;
  readonly batchSize: number;
}

export class FoldsWatch {
  readonly #watching: Watching;
  readonly #plan: FoldsPlan;
  readonly #finished: number;

  constructor(watching: Watching, plan: FoldsPlan, finished: Iterable<SavedFold>) {
    this.#watching = watching;
    this.#plan = plan;
    const earlier = [...finished];
    this.#finished = earlier.length;
    for (const fold of earlier) this.#tellEnd(fold, true);
  }

  begin(fold: number): void {
    const { log, fit } = this.#watching;
    const { folds, epochs, batchSize } = this.#plan;
    const part = partOf(fold);
    const remaining = Math.max(0, folds - Math.max(fold, this.#finished) - 1);
    log.tell({ type: "part", part, values: {}, places: {} });
    fit.begin({ name: part, epochs, batchSize, remaining });
  }

  events(display: FitEvents): FitEvents {
    return together(display, this.#watching.fit);
  }

  /** Trained by another process, which tells no epochs. */
  beginElsewhere(fold: number): void {
    this.#watching.log.tell({ type: "part", part: partOf(fold), values: {}, places: {} });
  }

  readonly progress = (id: string, progress: ProgressMessage): void => {
    this.#watching.log.tell({ type: "partProgress", part: `fold ${id}`, ...progress });
  };

  diverge(fold: number, message: string, isElsewhere = false): void {
    if (!isElsewhere) this.#watching.fit.end();
    this.#watching.log.tell({
      ...{ type: "partEnd", part: partOf(fold), score: null, bestEpoch: null, seconds: 0, message },
      ...{ figures: {}, history: null },
    });
  }

  end(fold: SavedFold, isElsewhere = false): void {
    if (!isElsewhere) this.#watching.fit.end();
    this.#tellEnd(fold, isElsewhere);
  }

  #tellEnd(fold: SavedFold, isUntold: boolean): void {
    const { heldOut, test, bestEpoch, seconds, history } = fold;
    const part = partOf(fold.fold);
    this.#watching.log.tell({
      ...{ type: "partEnd", part, score: heldOut.accuracy, bestEpoch, seconds, message: null },
      figures: {
        val_loss: heldOut.loss,
        ...(test && { test_accuracy: test.accuracy, test_loss: test.loss }),
      },
      history: isUntold ? curvesOf(part, history) : null,
    });
  }
}

function partOf(fold: number): string {
  return `fold ${fold + 1}`;
}
