// What `tune` says of a search, before, between and after its trials, and what it leaves beside them.

import { join } from "node:path";
import { formatCount } from "../../format/number-format.ts";
import { type JsonValue, writeAtomically } from "../../io/files.ts";
import { trialsSvg } from "../../report/charts/trials-chart.ts";
import { resultsSummary, trialBlock, trialHeader } from "../../report/text/tuner-text.ts";
import type { StudyFolder } from "../../runs/search-folder.ts";
import { bestTrial, rankTrials, type Trial } from "../../tune/trial.ts";
import { planOf, type SearchResult } from "../../tune/tuner.ts";
import type { CommandContext } from "../frame/command.ts";
import type { SearchPlan, TUNE_FLAGS, TuneFlags } from "../inputs/tune-plan.ts";

interface TuneTalk
  extends Pick<
    CommandContext<typeof TUNE_FLAGS, readonly []>,
    "say" | "json" | "style" | "finish"
  > {
  readonly flags: Pick<TuneFlags, "model" | "tuner">;
}

/** The study's own texts before and after each trial. */
export function trialTexts({ say, style }: TuneTalk, { objective }: SearchPlan) {
  return {
    onTrialBegin: (trial: Trial, best: ReturnType<typeof bestTrial>) =>
      say(trialHeader(trial, best)),
    onTrialEnd: (trial: Trial, finished: readonly Trial[]) => {
      const best = bestTrial(finished, objective);
      const totalSeconds = finished.reduce((sum, { seconds }) => sum + seconds, 0);
      const block = trialBlock({ trial, objective, best, totalSeconds });
      const [first = "", ...rest] = block.split("\n");
      say([`\n${style.bold(first)}`, ...rest].join("\n"));
    },
  };
}

export interface TuneOutcome {
  readonly plan: SearchPlan;
  readonly study: StudyFolder;
  readonly result: SearchResult;
  /** `2/4` where only so many of the trials were this process's. */
  readonly shard: string | undefined;
}

export async function conclude(
  context: TuneTalk,
  { plan, study, result, shard }: TuneOutcome,
): Promise<void> {
  const { say, json, style, flags } = context;
  const { objective, space, hyperModel } = plan;
  const { trials, best, complete } = result;
  const picture = join(study.path, "trials.svg");
  if (trials.length > 0) {
    const svg = await trialsSvg({ trials, space, objective });
    await context.finish(() => writeAtomically(picture, svg));
    const ranked = rankTrials(trials, objective);
    const failed = trials.filter(({ status }) => status === "failed");
    say();
    say(resultsSummary({ folder: study.path, objective, space, trials: [...ranked, ...failed] }));
  }
  say();
  if (!complete) {
    say(`interrupted: ${finishedText(trials.length)}`);
    say(`to go on, repeat the command with --out ${study.path}`);
  }
  if (complete && shard !== undefined) {
    say(`shard      ${shard} is done: ${finishedText(trials.length)}`);
    say("to put the shards together, repeat the command with --merge FOLDER for each of them");
  }
  const adapters = new Set(trials.flatMap(({ adapter }) => adapter ?? []));
  if (adapters.size > 1) {
    say(`note       trials ran on ${[...adapters].join("; ")}: last digits of scores depend on it`);
  }
  if (best) {
    const score = style.bold(best.score.toFixed(4));
    say(`best       trial ${best.id}, ${objective.name} ${score}`);
    say(`saved in   ${study.path} (best.json, trials.svg)`);
    say(`train it   npm run train -- --hyperparameters ${study.path}`);
  }
  const plans = best ? planOf(hyperModel, space, best.values) : null;
  json({
    model: flags.model,
    tuner: flags.tuner,
    objective: objective.name,
    out: study.path,
    complete,
    best: best ? { ...plans, trialId: best.id, score: best.score, values: best.values } : null,
    trials: trials.map(({ history: _history, ...trial }) => trial),
  } as unknown as JsonValue);
}

export function finishedText(count: number): string {
  return count === 1 ? "1 trial is finished" : `${count} trials are finished`;
}

export function rowsText({ rows, splits }: SearchPlan): string {
  const { train, heldOut } = rows;
  if (splits) return `${formatCount(train.length)} in ${splits.length} folds`;
  return `${formatCount(train.length)} to train on, ${formatCount(heldOut.length)} held out`;
}

/** Null where nobody knows. */
export function trialsOf({ oracle, maxTrials }: SearchPlan): number | null {
  const total = "total" in oracle ? Number(oracle.total) : null;
  const trials = Math.min(maxTrials ?? Infinity, total ?? Infinity);
  return Number.isFinite(trials) ? trials : null;
}

export function searchText(plan: SearchPlan): string {
  const { oracle, space, objective } = plan;
  const count = space.filter(({ kind }) => kind !== "fixed").length;
  const trials = trialsOf(plan);
  const number = trials === null ? "all combinations" : `${trials} trials`;
  return `${oracle.name} over ${count} hyper-parameters, ${number}, by ${objective.name}`;
}
