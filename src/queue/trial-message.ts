// What a chief and its workers tell each other about a trial, a fold or a step of a study, as JSON: the job, how far it is, and its outcome. Weights
// travel beside it (weights-exchange.ts). A message may come over a network, so its form is checked before it is believed.

import * as v from "valibot";
import { FormatError } from "../engine/core/errors.ts";
import type { JsonValue } from "../io/files.ts";
import { amount, jsonRecord } from "../io/saved-values.ts";
import { kernelTable } from "../runs/kernel-table.ts";
import { foldResult } from "../runs/kfold-folder.ts";
import type { Logs } from "../train/callbacks/callback.ts";
import type { Trial } from "../tune/trial.ts";
import type { TrialJob, TrialOutcome } from "../tune/tuner.ts";

/** Weights that lie in the exchange. */
const weightsRef = v.object({
  /** Their place there. */
  place: v.pipe(v.string(), v.regex(/^[\w-]+$/)),
  /** Of the tensors' bytes, in hex. */
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});
export type WeightsRef = v.InferOutput<typeof weightsRef>;

/** JSON knows no NaN, no infinity and no negative zero: those are told as text. */
const number = v.union([
  v.number(),
  v.pipe(
    v.picklist(["NaN", "Infinity", "-Infinity", "-0"]),
    v.transform((text) => Number(text)),
  ),
]);
const logs = v.record(v.string(), number);
const value = v.union([v.string(), v.number(), v.boolean()]);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const id = v.pipe(v.string(), v.regex(/^\d+$/));
const trialJob = v.object({
  id,
  values: v.record(v.string(), value),
  initialEpoch: count,
  epochs: count,
  parent: v.nullable(weightsRef),
});
/** The plan is not told: it follows from the values. */
export type TrialMessage = v.InferOutput<typeof trialJob>;

/** From 0; its id counts from 1. What is trained is the cross-validation's own description. */
const foldJob = v.object({ id, fold: count });
export type FoldMessage = v.InferOutput<typeof foldJob>;

/** A step of a study, by the name of its folder, that one worker does by itself. */
const stepJob = v.object({ id, step: v.string() });
export type StepMessage = v.InferOutput<typeof stepJob>;

export type JobMessage = TrialMessage | FoldMessage | StepMessage;
/** A schema of three says of what is none of them only that it is none. */
const jobMessage = v.lazy((found): v.GenericSchema<unknown, JobMessage> => {
  const has = (key: string): boolean => typeof found === "object" && found !== null && key in found;
  if (has("step")) return stepJob;
  return has("fold") ? foldJob : trialJob;
});

export function foldMessage(fold: number): FoldMessage {
  return { id: String(fold + 1), fold };
}

/** Its id is no trial's and no fold's. */
export function stepMessage(step: string): StepMessage {
  return { id: "0", step };
}

/** As a person is told of it. */
export function jobName(job: JobMessage): string {
  return "step" in job ? job.step : `#${job.id}`;
}

const outcomeMessage = v.variant("kind", [
  v.object({
    kind: v.literal("outcome"),
    score: v.nullable(number),
    bestEpoch: v.nullable(count),
    folds: v.array(number),
    history: v.array(logs),
    message: v.nullable(v.string()),
    adapter: v.string(),
    driver: v.string(),
    models: v.array(
      v.object({
        fold: v.nullable(count),
        bestEpoch: count,
        history: v.array(logs),
        weights: weightsRef,
      }),
    ),
  }),
  v.object({
    kind: v.literal("fold"),
    result: foldResult,
    seconds: amount,
    adapter: v.string(),
    driver: v.string(),
    weights: weightsRef,
  }),
  /** A fold whose numbers became none. */
  v.object({ kind: v.literal("diverged"), reason: v.string() }),
  /** What a step leaves beside its folder, whose form the study knows. */
  v.object({ kind: v.literal("step"), result: jsonRecord }),
  /** The values cannot be run, with what the error says of it. */
  v.object({
    kind: v.literal("refused"),
    message: v.string(),
    details: v.optional(
      v.object({
        help: v.exactOptional(v.string()),
        argument: v.exactOptional(v.string()),
        remedies: v.exactOptional(v.array(v.string())),
      }),
    ),
  }),
  v.object({ kind: v.literal("interrupted") }),
]);
export type OutcomeMessage = v.InferOutput<typeof outcomeMessage>;

/** Ready for JSON, to be read as an outcome. */
export type AnswerMessage = { readonly kind: string } & { readonly [key: string]: JsonValue };

const progressMessage = v.object({
  /** From 1; null where there are no folds. */
  fold: v.nullable(count),
  /** From 1. */
  epoch: count,
  epochs: count,
  /** Of the epoch, from 0 to 1. */
  share: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
});
export type ProgressMessage = v.InferOutput<typeof progressMessage>;

/** What all jobs of a search have in common: enough for a worker to be sure that it searches the same. */
const searchMessage = v.object({
  /** Whose work it is: a search's trials, a cross-validation's folds, both and more of a study. */
  command: v.picklist(["tune", "kfold", "study"]),
  /** Of the study; a worker keeps what it has loaded from job to job. */
  study: v.pipe(v.string(), v.regex(/^[\w-]+$/)),
  /** The command's flags, as typed; of `kfold` those alone that its description does not hold. */
  flags: v.array(v.string()),
  /** The work's own: a search's but for the number of trials. */
  description: v.record(v.string(), v.unknown()),
  checkpointMinutes: v.pipe(v.number(), v.minValue(0)),
  /** What the chief's device was filled with: a worker that took other kernels would come to other bits. */
  kernels: v.optional(v.nullable(kernelTable), null),
});
export type SearchMessage = v.InferOutput<typeof searchMessage>;

export const readJob = reader("job", jobMessage);
export const readOutcome = reader("outcome", outcomeMessage);
export const readProgress = reader("progress", progressMessage);
export const readSearch = reader("search", searchMessage);

function reader<S extends v.GenericSchema>(what: string, schema: S) {
  return (found: unknown): v.InferOutput<S> => {
    const result = v.safeParse(schema, found);
    if (result.success) return result.output;
    const [issue] = result.issues;
    const at = v.getDotPath(issue) ?? "all of it";
    throw new FormatError(
      `worker: a message must be a trial's, a fold's or a step's ${what}, got ${at} ${issue.received}`,
      {
        help: "chief and workers must be of the same version of Vitrine",
      },
    );
  };
}

export function jobOf<Plan>(job: TrialJob<Plan>, parent: WeightsRef | null): TrialMessage {
  const { trial, initialEpoch, epochs } = job;
  return { id: trial.id, values: { ...trial.values }, initialEpoch, epochs, parent };
}

/** Ready for JSON. */
export function outcomeMessageOf(
  outcome: TrialOutcome,
  ranOn: { readonly adapter: string; readonly driver: string },
  weights: readonly WeightsRef[],
): AnswerMessage {
  const { score, bestEpoch, folds, history, message } = outcome;
  return {
    ...{ kind: "outcome", bestEpoch, message, ...ranOn },
    score: score === null ? null : told(score),
    folds: folds.map(told),
    history: history.map(toldLogs),
    models: outcome.models.map((model, i) => ({
      ...{ fold: model.fold, bestEpoch: model.bestEpoch },
      ...{ history: model.history.map(toldLogs), weights: weights[i] },
    })),
  };
}

function told(figure: number): number | string {
  if (Object.is(figure, -0)) return "-0";
  return Number.isFinite(figure) ? figure : String(figure);
}

function toldLogs(epoch: Logs): Record<string, number | string> {
  return Object.fromEntries(Object.entries(epoch).map(([name, figure]) => [name, told(figure)]));
}

/** The trial as a worker's runner is given it. */
export function runningTrial({ id, values }: TrialMessage): Trial {
  const unknown = { score: null, bestEpoch: null, message: null };
  return { id, values, status: "running", ...unknown, folds: [], history: [], seconds: 0 };
}
