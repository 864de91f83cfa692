// A training as the command `train` runs it: prepared on a device, trained, again on a new device where that one is lost, and
// saved in whatever way it ended.

import { limitRows } from "../../data/dataset.ts";
import type { Device } from "../../engine/core/device.ts";
import { DeviceLostError } from "../../engine/core/errors.ts";
import type { OptimizerValues } from "../../engine/optim/optimizer-values.ts";
import type { JsonValue } from "../../io/files.ts";
import { bestEffort } from "../../runs/best-effort.ts";
import type { Checkpoints } from "../../runs/checkpoints.ts";
import { OPTIMIZER_BYTES } from "../../runs/optimizer-tensors.ts";
import { historyFile } from "../../runs/run-folder.ts";
import { abandonTraining } from "../../runs/training-folder.ts";
import type { Basis } from "../../train/basis.ts";
import type { Monitor } from "../../train/best-epoch.ts";
import { weightedRows } from "../../train/class-weights.ts";
import { allRows } from "../../train/device-data.ts";
import { DivergenceError } from "../../train/divergence-error.ts";
import type { Evaluation } from "../../train/evaluator.ts";
import { FitRun } from "../../train/fit.ts";
import { together } from "../../train/fit-events.ts";
import { fitSettings, type TrainingSettings } from "../../train/training.ts";
import { EpochDisplay } from "../display/epoch-display.ts";
import type { Style, Terminal } from "../frame/terminal.ts";
import { huntDown } from "./hunt-down.ts";
import { Looking, type LookingFlags } from "./looking.ts";
import {
  bestEpoch,
  closingLines,
  type Ending,
  nothingLearnt,
  saveOutcome,
  type TrainedRun,
} from "./train-outcome.ts";
import type { Ended, Watching } from "./watching.ts";

/** A lost device is opened again so many times. */
const MOST_REOPENED = 3;

export interface TrainingContext {
  readonly flags: LookingFlags & {
    readonly limit: number | undefined;
    readonly testLimit: number | undefined;
  };
  readonly say: (text?: string) => void;
  readonly json: (value: JsonValue) => void;
  readonly style: Style;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly finish: (work: () => Promise<void>) => Promise<void>;
  readonly setExitCode: (code: number) => void;
}

export type TrainingRunPlan = Pick<TrainedRun, "data" | "rows" | "config" | "out" | "training"> & {
  readonly settings: TrainingSettings;
  readonly seed: number;
  /** Null: the lowest val_loss. */
  readonly keepBest: Monitor | null;
  readonly checkpoints: Checkpoints;
  /** What the optimiser had come to before, to go on from; null begins anew. */
  readonly optimizerState: OptimizerValues | null;
  readonly watching: Watching | null;
  /** The first device; it is opened already. */
  readonly device: Device;
  readonly openDevice: () => Promise<Device>;
  readonly basisOn: (device: Device) => Basis;
};

type Session = TrainedRun &
  TrainingRunPlan & {
    readonly display: EpochDisplay;
    readonly looking: Looking;
  };

/** Whatever ends the run, the best of its finished epochs is saved before the error is told. */
export async function runTraining(context: TrainingContext, plan: TrainingRunPlan): Promise<Ended> {
  const { out, checkpoints } = plan;
  try {
    return await trainOn(context, plan, plan.device, MOST_REOPENED);
  } finally {
    if (!checkpoints.latest) await abandonTraining(out);
  }
}

async function trainOn(
  context: TrainingContext,
  plan: TrainingRunPlan,
  device: Device,
  reopens: number,
): Promise<Ended> {
  const { say, signal } = context;
  const { checkpoints } = plan;
  let session: Session | null = null;
  let test: Evaluation | null = null;
  let failure: unknown;
  try {
    session = await prepare(context, plan, device);
    await session.run.train();
    if (session.run.ended !== "interrupted") {
      test = await scoreTest(session, context.flags.testLimit);
    }
  } catch (error) {
    failure = error;
  }
  session?.display.interrupted();
  if (failure instanceof DeviceLostError && reopens > 0 && checkpoints.latest && !signal.aborted) {
    say(`${failure.message}; it is opened again, and training goes on ${placeOf(checkpoints)}`);
    return trainOn(context, plan, await plan.openDevice(), reopens - 1);
  }
  if (!session) throw failure;
  const ended = await close(context, session, { test, failure });
  device.destroy();
  return ended;
}

/** `after epoch 3`, `after step 120 of epoch 4`. */
export function placeOf({ latest }: Checkpoints): string {
  const { epoch = 0, stepsOfEpoch = 0 } = latest ?? {};
  return stepsOfEpoch === 0
    ? `after epoch ${epoch}`
    : `after step ${stepsOfEpoch} of epoch ${epoch + 1}`;
}

async function prepare(
  context: TrainingContext,
  plan: TrainingRunPlan,
  device: Device,
): Promise<Session> {
  const { flags, terminal, signal } = context;
  const { settings, rows, watching, checkpoints, keepBest, seed } = plan;
  const { epochs, batchSize } = settings;
  const basis = plan.basisOn(device);
  const display = new EpochDisplay(terminal, epochs);
  const placed = await basis.place(limitRows(plan.data.train, flags.limit));
  const train = { data: placed, rows: rows.train };
  const classes = plan.data.train.classNames.length;
  const { classWeight } = settings;
  const { data } = await weightedRows(device, train, { classWeight, classes });
  display.preparing();
  const resume = checkpoints.latest ?? undefined;
  const tell = (line: string): void => context.say(context.style.yellow(line));
  const history = bestEffort(historyFile(plan.out, resume?.history), tell);
  const recipe = fitSettings(settings, [history]);
  const model = basis.modelOf(plan.config);
  const { optimizer, augment, loss, precision } = recipe;
  const setup = { model, data, batchSize, seed, optimizer, augment, loss, precision };
  const looking = new Looking(context, setup, plan.out);
  if (resume) await looking.goOnAfter(resume.steps + resume.stepsOfEpoch);
  const of = rows.heldOut.length > 0 ? "held-out" : "training";
  const seen = { data, rows: of === "held-out" ? rows.heldOut : rows.train };
  const { first = [], last = [] } =
    watching?.training({
      ...{ device, model, seen, of, dataset: plan.data.train, setup, epochs, batchSize },
      schedule: recipe.schedule,
    }) ?? {};
  const run = await FitRun.create(device, model, {
    // By its classes, it is weighted already, for steps that are looked at too.
    ...{ ...recipe, classWeight: undefined },
    ...(watching ? together(display, watching.fit) : display),
    ...looking.options(watching?.fit.onStatistics),
    callbacks: [
      ...first,
      ...recipe.callbacks,
      ...looking.callbacks.map((one) => bestEffort(one, tell)),
      ...last,
    ],
    keepBest: keepBest ?? recipe.keepBest,
    train: { data, rows: rows.train },
    validation: { data, rows: rows.heldOut },
    initialWeights: basis.pretrained,
    initialOptimizer: plan.optimizerState ?? undefined,
    optimizerBytes: OPTIMIZER_BYTES,
    ...{ seed, signal, resume, checkpoints },
  }).catch((error) => {
    display.interrupted();
    throw error;
  });
  if (watching) watching.run = run;
  return { ...plan, device, basis, run, display, looking };
}

interface Close {
  readonly test: Evaluation | null;
  readonly failure: unknown;
}

async function close(
  context: TrainingContext,
  session: Session,
  { test, ...ending }: Close,
): Promise<Ended> {
  const { signal, say } = context;
  const { run, looking, out, checkpoints, settings, rows, device } = session;
  let { failure } = ending;
  if (failure instanceof DivergenceError && looking.ground) {
    const steps = Math.floor(rows.train.length / settings.batchSize);
    await huntDown(context, looking.ground, { device, steps, reason: failure.reason });
  }
  const best = bestEpoch(session);
  if (!best && run.ended === "interrupted" && checkpoints.latest) {
    say("interrupted before the first epoch was finished");
  }
  if (best) {
    const ended = run.ended ?? "failed";
    const saving = context.finish(() => conclude(context, session, { best, test, ended }));
    await saving.catch((error) => {
      failure ??= error;
    });
  }
  const goesOn = run.ended === "interrupted" || (failure !== undefined && !isFinal(failure));
  if (goesOn && checkpoints.latest) {
    say(`go on      npm run train -- --resume ${out}, ${placeOf(checkpoints)}`);
  }
  if (failure !== undefined) throw failure;
  if (!best && checkpoints.latest) {
    return { ended: "interrupted", message: "interrupted before the first epoch was finished" };
  }
  if (!best) signal.throwIfAborted();
  const tested = test ? `test accuracy ${(100 * test.accuracy).toFixed(2)} %, ` : "";
  return { ended: run.ended ?? "failed", message: `${tested}saved in ${out}` };
}

/** Equal steps end in equal numbers, so nothing is gained by going on. */
function isFinal(failure: unknown): boolean {
  return failure instanceof DivergenceError;
}

async function scoreTest({ run, basis, data }: Session, limit?: number): Promise<Evaluation> {
  return run.evaluate(allRows(await basis.place(limitRows(data.test, limit))));
}

/** A learning rate that was changed by hand is part of what the training depended on. */
function asItWent(session: Session): Session {
  const { training, watching } = session;
  const rateChanges = [...(watching?.rateChanges ?? [])];
  return rateChanges.length === 0
    ? session
    : { ...session, training: { ...training, rateChanges } };
}

const ENDINGS = {
  early: "stopped early",
  interrupted: "interrupted",
  failed: "ended by an error",
} as const;

async function conclude(context: TrainingContext, session: Session, ending: Ending): Promise<void> {
  const { say, style, json, setExitCode } = context;
  const metrics = await saveOutcome(asItWent(session), ending);
  say();
  if (ending.ended !== "finished") {
    const count = metrics.epochs === 1 ? "1 epoch" : `${metrics.epochs} epochs`;
    say(
      `${ENDINGS[ending.ended]} after ${count}; the weights of epoch ${metrics.bestEpoch} are kept`,
    );
  }
  for (const line of closingLines(metrics, style)) say(line);
  const nothing = nothingLearnt(session, ending);
  if (nothing) say(style.yellow(nothing));
  const { verified } = session.looking;
  if (verified && verified.outOfBounds > 0) setExitCode(1);
  json(verified ? { ...metrics, verified } : metrics);
}
