// Which model is trained and how: what the flags say, or what a tuner's study found.

import { UsageError } from "../../engine/core/errors.ts";
import type { OptimizerValues } from "../../engine/optim/optimizer-values.ts";
import { type ModelConfig, modelLoss, pretrainedOf } from "../../models/models.ts";
import { compiledTraining } from "../../train/compiled-training.ts";
import type { Optimisation } from "../../train/training.ts";
import type { Terminal } from "../frame/terminal.ts";
import { askedModel } from "./asked-model.ts";
import { type Hyperparameters, readHyperparameters } from "./hyperparameters.ts";
import { loadPretrained, type Pretrained } from "./model-basis.ts";
import { type ModelFlags, refuseModelFlags } from "./model-flags.ts";
import { firstRate, optimisationOf, type TrainingFlags } from "./training-flags.ts";

interface Context {
  readonly flags: ChoiceFlags;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

export interface Chosen {
  readonly model: ModelConfig;
  /** As --weights names them, or as the model's file does. */
  readonly weights: string | undefined;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly optimisation: Optimisation;
  /** What the optimiser of a file had come to, to go on from; null begins anew. */
  readonly optimizerState: OptimizerValues | null;
  /** Said before the training: what is taken over from a file, and what is not. */
  readonly notes: readonly string[];
  /** Said after the settings: where they are from. */
  readonly from: string;
  /** Null where the flags say all. */
  readonly found: Hyperparameters | null;
}

export type ChoiceFlags = ModelFlags &
  TrainingFlags & {
    readonly hyperparameters: string | undefined;
    readonly batchSize: number | undefined;
  };

/** Throws UsageError for flags that do not go together. */
export async function chooseModel(flags: ChoiceFlags): Promise<Chosen> {
  const { hyperparameters, batchSize, learningRate } = flags;
  if (hyperparameters === undefined) {
    const { config, weights, compiled, notes } = await askedModel(flags, { optimizer: true });
    const found = compiledTraining(flags, compiled, config);
    return {
      ...{ model: config, weights, notes: [...notes, ...found.notes], optimizerState: found.state },
      optimisation: optimisationOf(flags, { ...modelLoss(config), ...found.optimisation }),
      batchSize: batchSize ?? 50,
      learningRate: learningRate ?? found.learningRate ?? firstRate(flags),
      from: "",
      found: null,
    };
  }
  const found = await readHyperparameters(hyperparameters);
  const { model, ...others } = flags;
  refuseModelFlags(others, "is the study's with --hyperparameters");
  if (model !== undefined && model !== found.model.name) {
    throw new UsageError(`--model: the study's is ${found.model.name}, got ${model}`);
  }
  return {
    ...{ model: found.model, weights: flags.weights, notes: [], optimizerState: null },
    optimisation: optimisationOf(flags, { ...modelLoss(found.model), ...found.optimisation }),
    batchSize: batchSize ?? found.training.batchSize,
    learningRate: learningRate ?? found.training.learningRate,
    from: `, of ${found.source}`,
    found,
  };
}

/** A study's model was tuned on certain weights; its folds take no others. */
export async function loadChosen(context: Context, chosen: Chosen): Promise<Pretrained> {
  const { model, weights } = chosen;
  const { hyperparameters } = context.flags;
  const isRandom = hyperparameters !== undefined && pretrainedOf(model) === null;
  if (isRandom && weights !== undefined && weights !== "none") {
    throw new UsageError(`--weights: the study's model began with random ones, got ${weights}`, {
      help: "leave --weights out, or tune with them first",
    });
  }
  const loaded = await loadPretrained(context, model, isRandom ? "none" : weights);
  const [wanted, got] = [model, loaded.config].map(pretrainedOf);
  if (hyperparameters !== undefined && wanted !== got) {
    throw new UsageError(
      `--weights: must be the file that the study was tuned on, sha256 ${wanted}, got ${got ?? "none"}`,
    );
  }
  return loaded;
}
