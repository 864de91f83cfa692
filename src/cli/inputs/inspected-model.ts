// The model that a command looks into: the one that flags describe, with the weights that they name, or that of a saved run
// with its way of learning.

import type { Dataset } from "../../data/dataset.ts";
import type { Device } from "../../engine/core/device.ts";
import { UsageError } from "../../engine/core/errors.ts";
import type { Model } from "../../engine/layers/model.ts";
import type { Precision, Weights } from "../../engine/layers/variables.ts";
import type { Loss } from "../../engine/ops/loss/loss.ts";
import type { Optimizer } from "../../engine/optim/optimizer.ts";
import type { StepKind } from "../../inspect/step.ts";
import type { Compiled } from "../../keras/compiled/compiled.ts";
import { checkTakes, forData } from "../../models/for-data.ts";
import { createModel, isTransfer, type ModelConfig } from "../../models/models.ts";
import { compiledTraining } from "../../train/compiled-training.ts";
import { modelsLoss } from "../../train/losses.ts";
import { fitSettings, type Optimisation } from "../../train/training.ts";
import type { Terminal } from "../frame/terminal.ts";
import { askedModel } from "./asked-model.ts";
import { loadPretrained } from "./model-basis.ts";
import { type ModelFlags, refuseModelFlags } from "./model-flags.ts";
import { loadModel } from "./saved-model.ts";

export interface InspectedModel {
  readonly config: ModelConfig;
  readonly model: Model;
  /** Variables that they do not name are initialised. */
  readonly weights: Weights;
  /** Where the weights come from, in words; null where all are initialised. */
  readonly source: string | null;
  /** Of the run, where it says. */
  readonly batchSize: number | null;
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  /** Of the run's training step. */
  readonly precision: Precision;
  /** The folder of the run that it is, which has learnt its classes; null of a file and of flags. */
  readonly run: string | null;
}

export const RUN_POSITIONAL = [
  {
    name: "RUN",
    help: "folder of a saved run, a trial or a fold, or a model of Keras's, in place of --model",
    optional: true,
  },
] as const;

export interface InspectedContext {
  readonly flags: ModelFlags;
  readonly positionals: readonly [string | undefined];
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/**
 * `published`: whether an ImageNet network gets the published weights where no flag names any; without, it has random ones.
 * Throws UsageError for flags that contradict one another, FormatError for files that do not fit.
 */
export async function inspectedModel(
  context: InspectedContext,
  { published }: { readonly published: boolean },
): Promise<InspectedModel> {
  const { flags, positionals } = context;
  const [run] = positionals;
  if (run === undefined) return ofFlags(context, published);
  const why = "a saved run has a model of its own";
  for (const name of ["model", "weights"] as const) {
    const given = flags[name];
    if (given !== undefined) throw new UsageError(`--${name}: ${why}, got ${given} beside ${run}`);
  }
  refuseModelFlags(flags, why);
  const { config, model, weights, isFile, compiled } = await loadModel(run);
  const { training } = config;
  const { batchSize } = training;
  return {
    ...{ config: config.model, model, weights, source: run },
    batchSize: typeof batchSize === "number" ? batchSize : null,
    ...(isFile
      ? compiledBy(config.model, compiled)
      : trainedBy(config.model, training as Optimisation)),
    run: isFile ? null : run,
  };
}

async function ofFlags(context: InspectedContext, published: boolean): Promise<InspectedModel> {
  const { flags } = context;
  const { config: asked, weights: named, compiled } = await askedModel(flags);
  const isGiven = named !== undefined && named !== "none";
  const pretrained =
    isGiven || (isTransfer(asked) && published)
      ? await loadPretrained(context, asked, named)
      : { config: asked, weights: new Map(), source: null };
  const { config, weights, source } = pretrained;
  return {
    config,
    model: createModel(config),
    weights,
    source,
    batchSize: null,
    ...compiledBy(config, compiled),
    run: null,
  };
}

/** The same for the images at hand: a model of flags takes their shape and classes, that of a run has its own and must fit. */
export function inspectedFor(looked: InspectedModel, dataset: Dataset): InspectedModel {
  if (looked.run !== null) {
    checkTakes(looked.model, dataset);
    return looked;
  }
  const config = forData(looked.config, dataset);
  return { ...looked, config, model: createModel(config) };
}

/**
 * The precision in which to look at a step: a training step in the run's own, where the adapter has it. What is looked at is said where
 * the run was trained in mixed precision.
 */
export function precisionOfStep(
  { hasHalf, name }: Pick<Device, "hasHalf" | "name">,
  { precision }: Pick<InspectedModel, "precision">,
  { kind, say }: { readonly kind: StepKind; readonly say: (line: string) => void },
): Precision {
  if (kind !== "train" || precision === "float32") return "float32";
  if (hasHalf) {
    say("precision  mixed, as the run was trained");
    return precision;
  }
  say(
    `note       it was trained in mixed precision, and ${name} has no f16: this is its float32 step`,
  );
  return "float32";
}

/** As `train` goes on from the file; Adam and the model's own loss where it does not say. */
function compiledBy(model: ModelConfig, compiled: Compiled | null): TrainedBy {
  const { optimisation } = compiledTraining({}, compiled, model);
  return trainedBy(model, optimisation);
}

type TrainedBy = Pick<InspectedModel, "optimizer" | "loss" | "precision">;

/** What a run does not record, a step does not need. */
function trainedBy(model: ModelConfig, training: Optimisation): TrainedBy {
  const unused = { epochs: 1, batchSize: 1, learningRate: 1e-3, patience: 0 };
  const settings = { ...unused, ...training, schedule: "constant" } as const;
  const { optimizer, precision = "float32" } = fitSettings(settings);
  return { optimizer, loss: modelsLoss(model, settings), precision };
}
