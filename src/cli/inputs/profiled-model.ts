// Which model a look inside is at: a saved run with its weights and its way of learning, or one that flags describe.

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

export interface LookedAt {
  readonly config: ModelConfig;
  readonly model: Model;
  readonly weights: Weights;
  /** Where the weights come from, in words. */
  readonly source: string;
  /** Of the run, where it says. */
  readonly batchSize: number | null;
  readonly optimizer: Optimizer;
}

/** Throws UsageError for a run together with flags that say which model. */
export async function lookedAt(
  context: { readonly terminal: Terminal; readonly signal: AbortSignal },
  run: string | undefined,
  flags: ModelFlags,
): Promise<LookedAt> {
  if (run === undefined) return ofFlags(context, flags);
  const why = `${run} says which model, so that no flag may`;
  const [given] = (["model", "weights"] as const).filter((name) => flags[name] !== undefined);
  if (given) throw new UsageError(`--${given}: ${why}, got ${flags[given]}`);
  refuseModelFlags(flags, why);
  const { config, model, weights } = await loadModel(run);
  const { batchSize } = config.training;
  return {
    ...{ config: config.model, model, weights, source: run },
    batchSize: typeof batchSize === "number" ? batchSize : null,
    optimizer: optimizerOf(config.training),
  };
}

async function ofFlags(
  context: { readonly terminal: Terminal; readonly signal: AbortSignal },
  flags: ModelFlags,
): Promise<LookedAt> {
  const asked = modelConfig(flags);
  const random = { weights: new Map(), source: "random ones, which take as long as any" };
  const given = flags.weights === undefined ? null : flags.weights;
  const pretrained =
    isTransfer(asked) && given !== null && given !== "none"
      ? await loadPretrained(context, asked, given)
      : { config: asked, ...random };
  return {
    config: pretrained.config,
    model: createModel(pretrained.config),
    weights: pretrained.weights,
    source: pretrained.source ?? random.source,
    batchSize: null,
    optimizer: adam(),
  };
}

/** What a run does not record, a step does not need. */
function optimizerOf(training: RunConfig["training"]): Optimizer {
  const unused = { epochs: 1, batchSize: 1, learningRate: 1e-3, patience: 0 };
  return fitSettings({ ...unused, ...(training as Optimisation), schedule: "constant" }).optimizer;
}
