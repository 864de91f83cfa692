// The model that the flags of a command ask for: one that can be named, or that of a file.

import { UsageError } from "../../engine/core/errors.ts";
import type { Compiled } from "../../keras/compiled/compiled.ts";
import type { ReadOptions } from "../../keras/read-model.ts";
import { DEFAULT_MODEL, type ModelConfig } from "../../models/models.ts";
import { OWN } from "../../models/own-model.ts";
import { describeModelFile, isModelFile } from "./model-file.ts";
import { type ModelFlags, modelConfig, refuseModelFlags, settingsGiven } from "./model-flags.ts";
import { type OwnSpace, readOwnSpace } from "./own-space.ts";

/** What a search starts from: a model, or a space of the person's own. */
export interface AskedSearch extends AskedModel {
  readonly space: OwnSpace | null;
}

/** Throws UsageError and FormatError as `askedModel` does, and for a space beside a model. */
export async function askedSearch(
  flags: ModelFlags & { readonly space?: string | undefined },
): Promise<AskedSearch> {
  const { space, ...model } = flags;
  if (space === undefined) return { ...(await askedModel(model)), space: null };
  for (const name of ["model", "weights"] as const) {
    const given = flags[name];
    if (given !== undefined)
      throw new UsageError(`--${name}: --space builds its own models, got ${given}`);
  }
  refuseModelFlags(model, "--space builds its own models");
  const own = await readOwnSpace(space);
  return { config: own.config, weights: "none", compiled: null, notes: [], space: own };
}

export interface AskedModel {
  readonly config: ModelConfig;
  /** As --weights names them: where that is not given, a file's own, or none of a program. */
  readonly weights: string | undefined;
  /** How a file's model was trained; null where its weights are not taken, or nobody says. */
  readonly compiled: Compiled | null;
  /** What reading the file changes, in sentences. */
  readonly notes: readonly string[];
}

/**
 * `options`: what is read of a file beside its description. Throws UsageError for flags that do not go together, FormatError for a
 * file that cannot be read.
 */
export async function askedModel(
  flags: ModelFlags,
  options: ReadOptions = {},
): Promise<AskedModel> {
  const { model: name = DEFAULT_MODEL, weights } = flags;
  if (!isModelFile(name)) {
    return { config: modelConfig(flags), weights, compiled: null, notes: [] };
  }
  const given = settingsGiven(flags, OWN);
  const { config, isTrained, compiled, notes } = await describeModelFile(name, options);
  return {
    config: { ...config, ...given },
    weights: weights ?? (isTrained ? name : "none"),
    compiled: weights === undefined ? compiled : null,
    notes,
  };
}
