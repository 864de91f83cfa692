// The model that a command looks into: the one that flags describe, with the weights that they name, or that of a saved run
// with its way of learning.

import { UsageError } from "../../engine/core/errors.ts";
import type { Model } from "../../engine/layers/model.ts";
import type { Weights } from "../../engine/layers/variables.ts";
import { adam } from "../../engine/optim/adam.ts";
import type { Optimizer } from "../../engine/optim/optimizer.ts";
import { createModel, isTransfer, type ModelConfig } from "../../models/models.ts";
import type { RunConfig } from "../../runs/run-folder.ts";
import { fitSettings, type Optimisation } from "../../train/training.ts";
import type { Terminal } from "../frame/terminal.ts";
import { loadPretrained } from "./model-basis.ts";
import { type ModelFlags, modelConfig, refuseModelFlags } from "./model-flags.ts";
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
}

export const RUN_POSITIONAL = [
  {
    name: "RUN",
    help: "folder of a saved run, a trial or a fold, in place of --model",
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
  const { config, model, weights } = await loadModel(run);
  const { batchSize } = config.training;
  return {
    ...{ config: config.model, model, weights, source: run },
    batchSize: typeof batchSize === "number" ? batchSize : null,
    optimizer: optimizerOf(config.training),
  };
}

async function ofFlags(context: InspectedContext, published: boolean): Promise<InspectedModel> {
  const { flags } = context;
  const asked = modelConfig(flags);
  const isGiven = flags.weights !== undefined && flags.weights !== "none";
  const pretrained =
    isTransfer(asked) && (published || isGiven)
      ? await loadPretrained(context, asked, flags.weights)
      : { config: asked, weights: new Map(), source: null };
  const { config, weights, source } = pretrained;
  return {
    config,
    model: createModel(config),
    weights,
    source,
    batchSize: null,
    optimizer: adam(),
  };
}

/** What a run does not record, a step does not need. */
function optimizerOf(training: RunConfig["training"]): Optimizer {
  const unused = { epochs: 1, batchSize: 1, learningRate: 1e-3, patience: 0 };
  return fitSettings({ ...unused, ...(training as Optimisation), schedule: "constant" }).optimizer;
}
