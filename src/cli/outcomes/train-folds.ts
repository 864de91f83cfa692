// The folds of a cross-validation that are still to be trained: one after another in this process, or side by side in others.

import type { Split } from "../../data/split.ts";
import { formatCount } from "../../format/number-format.ts";
import type { NamedTensor } from "../../io/safetensors.ts";
import { RemoteFolds } from "../../queue/remote-folds.ts";
import { sideBySide, Turns } from "../../queue/turns.ts";
import { wholeTensors } from "../../train/basis.ts";
import {
  type CrossValidationOptions,
  type FoldResult,
  type TrainedFold,
  trainFold,
} from "../../train/cross-validation.ts";
import type { DivergenceError } from "../../train/divergence-error.ts";
import { EpochDisplay } from "../display/epoch-display.ts";
import type { Terminal } from "../frame/terminal.ts";
import type { RemotePlace } from "./trial-places.ts";
import type { FoldsWatch } from "./watching-parts.ts";

export interface TrainedBy {
  readonly seconds: number;
  readonly adapter: string;
}

export interface FoldsRun {
  /** That are to be trained, from 0. */
  readonly folds: readonly number[];
  readonly watch: FoldsWatch | null;
  readonly signal: AbortSignal;
  readonly keep: (
    result: FoldResult,
    weights: readonly NamedTensor[],
    by: TrainedBy,
  ) => Promise<void>;
  readonly fail: (fold: number, reason: string) => void;
}

/** One after another, in this process. */
export async function trainHere(
  { adapter, ...equipment }: CrossValidationOptions & { readonly adapter: string },
  { folds, watch, signal, keep, fail, terminal }: FoldsRun & { readonly terminal: Terminal },
): Promise<void> {
  const { basis, model, splits, training } = equipment;
  const display = new EpochDisplay(terminal, training.epochs);
  let start = 0;
  const options = {
    ...equipment,
    signal,
    onFoldDiverged: (fold: number, { reason }: DivergenceError) => {
      display.interrupted();
      fail(fold, reason);
    },
    onFoldBegin: (fold: number, { train, test }: Split) => {
      watch?.begin(fold);
      start = performance.now();
      const counts = `${formatCount(train.length)} rows to train on, ${formatCount(test.length)} held out`;
      terminal.print("");
      terminal.print(`${terminal.style.bold(`Fold ${fold + 1}/${splits.length}`)}: ${counts}`);
    },
    ...(watch ? watch.events(display) : display),
    onFold: async (result: FoldResult, { weights }: TrainedFold) => {
      const seconds = (performance.now() - start) / 1000;
      await keep(result, wholeTensors(basis, model, weights), { seconds, adapter });
    },
  };
  for (const fold of folds) {
    if ((await trainFold(options, fold)) === "interrupted") break;
  }
  display.interrupted();
}

/** Side by side, in other processes or on other machines; `parallel` at once. The place is closed at the end. */
export async function trainRemotely(
  place: RemotePlace,
  run: FoldsRun & { readonly parallel: number },
): Promise<void> {
  const remote = new RemoteFolds(place.options);
  const turns = new Turns(run.parallel);
  const failing = new AbortController();
  const signal = AbortSignal.any([run.signal, failing.signal]);
  const trainOne = async (fold: number): Promise<void> => {
    if (signal.aborted) return;
    const id = String(fold + 1);
    place.display.begin(id);
    run.watch?.beginElsewhere(fold);
    const trained = await remote.run(fold, signal);
    place.display.end(id);
    if (!trained) return;
    if ("diverged" in trained) run.fail(fold, trained.diverged);
    else await run.keep(trained.result, trained.weights, trained);
    place.before(remote.recorded(fold).catch(() => undefined));
  };
  const works = run.folds.map((fold) => turns.take(() => trainOne(fold)));
  await sideBySide(works, failing).finally(() => place.close());
}

/** 0 to `count` − 1. */
export function numbers(count: number): readonly number[] {
  return [...new Array(count).keys()];
}
