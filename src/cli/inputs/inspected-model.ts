// The model that a command looks into: the one that flags describe, with the weights that they name, or that of a saved run.

import { UsageError } from "../../engine/core/errors.ts";
import type { Model } from "../../engine/layers/model.ts";
import type { Weights } from "../../engine/layers/variables.ts";
import { createModel } from "../../models/models.ts";
import type { CommandContext } from "../frame/command.ts";
import { loadPretrained } from "./model-basis.ts";
import { type MODEL_FLAGS, modelConfig, refuseModelFlags } from "./model-flags.ts";
import { loadModel } from "./saved-model.ts";

export interface InspectedModel {
  readonly model: Model;
  /** What the weights are; variables that they do not name are initialised. */
  readonly weights: Weights;
  /** Where they come from, in words; null where all are initialised. */
  readonly source: string | null;
}

export const RUN_POSITIONAL = [
  { name: "RUN", help: "folder of a saved run, in place of --model", optional: true },
] as const;

type Context = Pick<
  CommandContext<typeof MODEL_FLAGS, typeof RUN_POSITIONAL>,
  "flags" | "positionals" | "terminal" | "signal"
>;

/** Throws UsageError for flags that contradict one another, FormatError for files that do not fit. */
export async function inspectedModel(context: Context): Promise<InspectedModel> {
  const { flags, positionals } = context;
  const [run] = positionals;
  if (run === undefined) {
    const { config, weights, source } = await loadPretrained(
      context,
      modelConfig(flags),
      flags.weights,
    );
    return { model: createModel(config), weights, source };
  }
  const why = "a saved run has a model of its own";
  for (const name of ["model", "weights"] as const) {
    const given = flags[name];
    if (given !== undefined) throw new UsageError(`--${name}: ${why}, got ${given} beside ${run}`);
  }
  refuseModelFlags(flags, why);
  const { model, weights } = await loadModel(run);
  return { model, weights, source: run };
}
