// What `vitrine profile`, `verify` and the hunt of `train` find out, for programs of one's own: of a model and the options that `fit`
// trains it with, so that its layers, ops and optimisers may be such as only the program knows.

import type { Device } from "../engine/core/device.ts";
import { UsageError } from "../engine/core/errors.ts";
import type { Model } from "../engine/layers/model.ts";
import type { Weights } from "../engine/layers/variables.ts";
import { adam } from "../engine/optim/adam.ts";
import { withEma } from "../engine/optim/ema.ts";
import { HuntingGround, type Trail } from "../inspect/hunt/hunting-ground.ts";
import { profileStep } from "../inspect/profile/profile.ts";
import type { Profile } from "../inspect/profile/profile-schema.ts";
import { type OpenStep, openStep, type StepKind, type StepSetup } from "../inspect/step.ts";
import { startingWeights } from "../inspect/verify/starting-weights.ts";
import { type Verification, verifyStep } from "../inspect/verify/verify.ts";
import type { DataRows } from "../train/device-data.ts";
import { DivergenceError } from "../train/divergence-error.ts";
import { FitRun, weighted } from "../train/fit.ts";
import { checkBatch, checkOptions, checkRows, rowsIn } from "./asked-rows.ts";
import type { FitOptions } from "./fit.ts";
import { Placed } from "./placed.ts";

/** Of what `fit` takes: all that a step is recorded from. What else is there, such as `epochs`, counts for nothing. */
type Recorded = Pick<
  FitOptions,
  | "train"
  | "classWeight"
  | "loss"
  | "optimizer"
  | "useEma"
  | "emaMomentum"
  | "augment"
  | "rungs"
  | "initialWeights"
  | "signal"
>;

/** What `profile` and `verify` take: the options of `fit`, and which of the model's steps is meant. */
export interface StepOptions extends Recorded {
  /** Default `train`; `evaluate` scores rows, `predict` only computes what the model gives. */
  readonly step?: StepKind | undefined;
  /** Rows of the step; default 50, or all if there are fewer. */
  readonly batchSize?: number | undefined;
  /** Of the training step; default 0.001. */
  readonly learningRate?: number | undefined;
  /** Of weights that `initialWeights` does not name, and of dropout; default 1. */
  readonly seed?: number | undefined;
}

/** What `profile` takes. */
export interface ProfileOptions extends StepOptions, Pick<FitOptions, "precision"> {
  /** How often everything is timed; default: as often as ten seconds hold, from 5 to 30 times. */
  readonly samples?: number | undefined;
}

/** What `verify` takes. */
export interface VerifyOptions extends StepOptions {
  /** Also every other rung that fits, on the inputs that it had in the step; default false. */
  readonly everyRung?: boolean | undefined;
}

/**
 * Times every dispatch of a step, the step as it runs and the host's part, beside what the adapter can do at most. The model is not
 * trained by it. Nothing else should run meanwhile; `isBusy` says whether something seems to have. Throws UsageError as `fit` does.
 */
export async function profile(
  device: Device,
  model: Model,
  options: ProfileOptions,
): Promise<Profile> {
  const { step: kind = "train", rungs = {}, samples, signal, precision } = options;
  const about = { where: "profile", model, options, kind };
  return await withStep(device, about, { precision }, async (step, batch) => {
    const request = { step, batch, rungs, samples, signal, model: model.name, kind };
    return await profileStep(request);
  });
}

/**
 * Runs a step, kernel by kernel, and holds each result against the naive rung and against float64 loops on the host, on the inputs that
 * the kernel really had; `isWithin` says of a check whether float32 explains the difference. Ops that nobody wrote such loops for are
 * listed as `uncovered`. In float32, whatever the training's precision. Biases and scales that `initialWeights` does not name are moved
 * off 0 and 1, which would hide a kernel that forgets them. Throws UsageError as `fit` does.
 */
export async function verify(
  device: Device,
  model: Model,
  options: VerifyOptions,
): Promise<Verification> {
  const { step: kind = "train", seed = 1, everyRung = false, signal } = options;
  const about = { where: "verify", model, options, kind };
  const weights = startingWeights(model, seed, weightsOf(options));
  const plan = { sharesSlots: false };
  return await withStep(device, about, { weights, plan }, async (step) => {
    const rest = signal ? { signal } : {};
    return await verifyStep(step.device, step.executable, { everyRung, ...rest });
  });
}

/**
 * Trains as `fit` does, to the epoch whose loss becomes NaN or infinite, and finds the dispatch of the step that made it so: what it read,
 * what grew on the way, which rows cause it. Null where the training ends well. Throws DivergenceError where it does not, but no step of
 * whole batches is to blame; UsageError as `fit` does, and for mixed precision, whose gradients may be no numbers.
 */
export async function hunt(
  device: Device,
  model: Model,
  options: FitOptions,
): Promise<Trail | null> {
  const { train, validation, precision, initialWeights: _, ...others } = options;
  for (const rows of [train, validation]) if (rows) checkRows("hunt", model, rows);
  checkOptions("hunt", rowsIn(train), options);
  if (precision === "mixed") throw new UsageError("hunt: precision must be float32, got mixed");
  return await scoped(device, async (scope) => {
    const placed = new Placed(scope);
    const { classWeight } = options;
    const rows = await weighted(scope, model, { train: await placed.rows(train), classWeight });
    const ground = new HuntingGround({ ...setupOf(model, options), data: rows.data });
    const run = await FitRun.create(scope, model, {
      ...{ ...others, classWeight: undefined, train: rows },
      validation: validation && (await placed.rows(validation)),
      initialWeights: weightsOf(options),
      beforeSteps: async (fit, epoch, done) => {
        await ground.remember(fit.device, fit.program, epoch, done);
        await options.beforeSteps?.(fit, epoch, done);
      },
    });
    return await trailOf(run, ground, options, rows);
  });
}

async function trailOf(
  run: FitRun,
  ground: HuntingGround,
  { batchSize, signal }: FitOptions,
  { rows }: DataRows,
): Promise<Trail | null> {
  try {
    await run.train();
    return null;
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error;
    const steps = Math.floor(rows.length / batchSize);
    const trail = await ground.hunt(run.device, { steps, ...(signal ? { signal } : {}) });
    if (trail) return trail;
    throw error;
  }
}

/** A step that is to be looked at, and the function that was asked to. */
interface About {
  readonly where: string;
  readonly model: Model;
  readonly options: StepOptions;
  readonly kind: StepKind;
}

/** Opens the step, runs it once, which compiles its kernels and moves the optimiser off its zeros, and frees it afterwards. */
async function withStep<Found>(
  device: Device,
  about: About,
  special: Pick<StepSetup, "precision" | "weights" | "plan">,
  look: (step: OpenStep, batchSize: number) => Promise<Found>,
): Promise<Found> {
  const { signal } = about.options;
  return await withSetup(device, about, async (scope, setup) => {
    const step = await openStep(scope, { ...setup, ...special });
    try {
      await step.executable.runSlowly(() => !signal?.aborted);
      signal?.throwIfAborted();
      step.rewind();
      return await look(step, setup.batchSize);
    } finally {
      step.close();
    }
  });
}

/** Places the rows for the time that the step is looked at. Throws UsageError as `fit` does. */
export async function withSetup<Found>(
  device: Device,
  { where, model, options, kind }: About,
  look: (scope: Device, setup: StepSetup & { readonly batchSize: number }) => Promise<Found>,
): Promise<Found> {
  const asked = rowsIn(options.train);
  const batchSize = options.batchSize ?? Math.min(50, asked.rows.length);
  checkRows(where, model, asked);
  checkBatch(where, asked, batchSize);
  return await scoped(device, async (scope) => {
    const train = await new Placed(scope).rows(asked);
    const { classWeight } = options;
    const { data, rows } = await weighted(scope, model, { train, classWeight });
    return await look(scope, { ...setupOf(model, { ...options, batchSize }), data, rows, kind });
  });
}

async function scoped<Found>(
  device: Device,
  work: (scope: Device) => Promise<Found>,
): Promise<Found> {
  const scope = device.scope();
  try {
    return await work(scope);
  } finally {
    scope.destroy();
  }
}

/** As `fit` records it: see train/fit.ts. */
function setupOf(
  model: Model,
  options: Omit<StepOptions, "batchSize"> & { readonly batchSize: number },
) {
  const { batchSize, learningRate = 1e-3, seed = 1, optimizer = adam(), rungs = {} } = options;
  const { useEma, emaMomentum, loss, augment } = options;
  return {
    ...{ model, batchSize, learningRate, seed, rungs, loss, augment },
    optimizer: useEma ? withEma(optimizer, emaMomentum) : optimizer,
    weights: weightsOf(options),
  };
}

function weightsOf({ initialWeights = [] }: Recorded): Weights {
  return new Map(initialWeights.map(({ name, data }) => [name, data]));
}
