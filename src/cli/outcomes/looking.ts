// Everything that looks at a training while it goes on, as the options that `fit` takes: statistics, event files, the count of what is no
// number, verification between steps, the ground that a hunt starts from. It changes nothing of what is trained.

import { basename, join, resolve } from "node:path";
import type { Model } from "../../engine/layers/model.ts";
import { describeModel } from "../../engine/layers/model.ts";
import { HuntingGround } from "../../inspect/hunt/hunting-ground.ts";
import type { StepSetup } from "../../inspect/step.ts";
import { isWithin, type Verification } from "../../inspect/verify/verify.ts";
import { verifyNext } from "../../inspect/verify/verify-next.ts";
import { verifyFaults } from "../../report/text/verify-table.ts";
import { StatisticsFile } from "../../runs/statistics-file.ts";
import { TensorBoard } from "../../runs/tensorboard/tensorboard.ts";
import type { Callback } from "../../train/callbacks/callback.ts";
import type { FitOptions, FitRun } from "../../train/fit.ts";
import type { StepStatistics } from "../../train/step-statistics.ts";
import type { Style } from "../frame/terminal.ts";

export interface LookingFlags {
  readonly stats?: number | undefined;
  readonly tensorboard?: string | undefined;
  readonly watchNumbers: boolean;
  readonly verifyEvery?: number | undefined;
  readonly noHunt: boolean;
}

export interface LookingContext {
  readonly flags: LookingFlags;
  readonly say: (text?: string) => void;
  readonly style: Style;
  readonly signal: AbortSignal;
}

type LookingOptions = Pick<
  FitOptions,
  "beforeSteps" | "beforeStep" | "statisticsEvery" | "onStatistics" | "watchNumbers"
>;

export class Looking {
  /** Null with --no-hunt, and in mixed precision, where a gradient that is not finite is nothing to be hunted for. */
  readonly ground: HuntingGround | null;
  /** For `fit`, after the run's own. */
  readonly callbacks: readonly Callback[];
  readonly #context: LookingContext;
  readonly #file: StatisticsFile | null;
  readonly #setup: Omit<StepSetup, "kind" | "plan">;
  readonly #listeners: readonly ((statistics: StepStatistics, epoch: number) => void)[];
  #verified = 0;
  #outOfBounds = 0;

  /** `setup`: the training's own model, data, batch size, optimiser and seed; `out`: the run's folder. */
  constructor(context: LookingContext, setup: Omit<StepSetup, "kind" | "plan">, out: string) {
    const { flags } = context;
    this.#context = context;
    this.#setup = setup;
    const isHunted = !flags.noHunt && setup.precision !== "mixed";
    this.ground = isHunted ? new HuntingGround(setup) : null;
    const file = flags.stats === undefined ? null : new StatisticsFile(out);
    const board =
      flags.tensorboard === undefined
        ? null
        : new TensorBoard({
            logDir: join(flags.tensorboard, basename(resolve(out))),
            filters: firstFilters(setup.model),
          });
    this.#file = file;
    const all = [file, board].filter((one) => one !== null);
    this.callbacks = all;
    this.#listeners = all.map(({ onStatistics }) => onStatistics);
  }

  /** The training goes on after a step of an earlier run. */
  async goOnAfter(step: number): Promise<void> {
    await this.#file?.goOnAfter(step);
  }

  /** `listener`: also told of statistics. */
  options(listener?: FitOptions["onStatistics"]): LookingOptions {
    const { stats, watchNumbers, verifyEvery } = this.#context.flags;
    const { ground } = this;
    return {
      watchNumbers,
      beforeSteps:
        ground === null
          ? undefined
          : (fit, epoch, done) => ground.remember(fit.device, fit.program, epoch, done),
      beforeStep:
        verifyEvery === undefined
          ? undefined
          : { every: verifyEvery, run: (fit, step) => this.#verify(fit, step) },
      statisticsEvery: stats,
      onStatistics: (statistics, epoch) => {
        for (const tell of [...this.#listeners, listener]) tell?.(statistics, epoch);
      },
    };
  }

  /** What --verify-every came to; null where it was not asked for. */
  get verified(): { readonly steps: number; readonly outOfBounds: number } | null {
    if (this.#context.flags.verifyEvery === undefined) return null;
    return { steps: this.#verified, outOfBounds: this.#outOfBounds };
  }

  async #verify({ device, program }: FitRun, step: number): Promise<void> {
    const { say, style, signal } = this.#context;
    const verification = await verifyNext(device, program, this.#setup, { signal }).catch(
      (error: unknown) => {
        if (signal.aborted) return null;
        throw error;
      },
    );
    if (!verification) return;
    this.#verified++;
    if (!verification.checks.every(isWithin)) this.#outOfBounds++;
    for (const line of verifiedLines(verification, step)) say(style.dim(line));
    for (const line of verifyFaults(verification, process.cwd())) say(line);
  }
}

function verifiedLines(
  { checks, units, uncovered }: Verification,
  step: number,
): readonly string[] {
  const wrong = new Set(checks.filter((check) => !isWithin(check)).map(({ id }) => id)).size;
  const worst = checks.reduce((most, { worst }) => Math.max(most, worst?.ofBound ?? 0), 0);
  const covered = units - uncovered.length;
  const verdict =
    wrong === 0
      ? `all ${covered} within their bounds, the worst at ${(100 * worst).toFixed(0)} % of it`
      : `${wrong} of ${covered} out of bounds`;
  return [`verified   step ${step}: ${verdict}`];
}

/** The kernel of the first convolution; null where there is none that trains. */
function firstFilters(model: Model) {
  const layer = describeModel(model).layers.find(({ className }) => className === "Conv2D");
  return layer?.weights.find(({ name }) => name.endsWith("/kernel")) ?? null;
}
