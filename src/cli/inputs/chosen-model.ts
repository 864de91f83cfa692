// Which model is trained and how: what the flags say, or what a tuner's study found.

import { UsageError } from "../../engine/core/errors.ts";
import { isTransfer, type ModelConfig } from "../../models/models.ts";
import type { Terminal } from "../frame/terminal.ts";
import { type Hyperparameters, readHyperparameters } from "./hyperparameters.ts";
import { loadPretrained, type Pretrained } from "./model-basis.ts";
import { type ModelFlags, modelConfig, refuseModelFlags } from "./model-flags.ts";
import { firstRate, type TrainingFlags } from "./training-flags.ts";

interface Context {
  readonly flags: ChoiceFlags;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

export interface Chosen {
  readonly model: ModelConfig;
  readonly batchSize: number;
  readonly learningRate: number;
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
    return {
      model: modelConfig(flags),
      batchSize: batchSize ?? 50,
      learningRate: firstRate(flags),
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
    model: found.model,
    batchSize: batchSize ?? found.training.batchSize,
    learningRate: learningRate ?? found.training.learningRate,
    from: `, of ${found.source}`,
    found,
  };
}

/** A study's model was tuned on certain weights; its folds take no others. */
export async function loadChosen(context: Context, { model }: Chosen): Promise<Pretrained> {
  const { weights, hyperparameters } = context.flags;
  const isRandom =
    hyperparameters !== undefined && (!isTransfer(model) || model.pretrained === null);
  if (isRandom && weights !== undefined && weights !== "none") {
    throw new UsageError(`--weights: the study's model began with random ones, got ${weights}`, {
      help: "leave --weights out, or tune with them first",
    });
  }
  const loaded = await loadPretrained(context, model, isRandom ? "none" : weights);
  const [wanted, got] = [model, loaded.config].map((c) => (isTransfer(c) ? c.pretrained : null));
  if (hyperparameters !== undefined && wanted !== got) {
    throw new UsageError(
      `--weights: must be the file that the study was tuned on, sha256 ${wanted}, got ${got ?? "none"}`,
    );
  }
  return loaded;
}
