// The weights of a base out of a file that Keras wrote, with or without Keras's classifier.

import { FormatError } from "../../engine/core/errors.ts";
import { describeModel, type Model } from "../../engine/layers/model.ts";
import type { Weights } from "../../engine/layers/variables.ts";
import { fileDigest } from "../../io/file-digest.ts";
import { BACKBONE_NAMES, BACKBONES } from "../../models/backbones.ts";
import { assignWeights, matchWeights } from "./assign-weights.ts";
import type { TargetLayer } from "./layer-pair.ts";
import { ownRescaling, type Rescaling } from "./own-rescaling.ts";
import { flattenNested, LIST_LAYERS } from "./pair-layers.ts";
import type { WeightFile } from "./saved-weights.ts";
import { soundVariances } from "./sound-variances.ts";
import { withWeightFile } from "./weight-file.ts";

export interface PretrainedWeights {
  /** Of the file, in hex. */
  readonly sha256: string;
  readonly weights: Weights;
  /** What the file's model does to its pictures itself; null where it does nothing, or is not there. */
  readonly rescaling: Rescaling | null;
}

/** Reads every variable of `base`. Throws FormatError for a file that does not fit it. */
export function readPretrained(path: string, base: Model): Promise<PretrainedWeights> {
  return withWeightFile(path, async (file) => {
    const { layers } = describeModel(base);
    const by = orderOf(file, base.name, withWeights(layers));
    const weights = new Map(soundVariances(path, assignWeights(file, layers, { by })));
    const rescaling = ownRescaling(file.modelConfig);
    return { sha256: await fileDigest(path, "sha256"), weights, rescaling };
  });
}

/** Throws FormatError for a file that does not fit `base`, from names and shapes alone. */
export function checkPretrained(path: string, base: Model): Promise<void> {
  return withWeightFile(path, (file) => {
    const { layers } = describeModel(base);
    matchWeights(file, layers, { by: orderOf(file, base.name, withWeights(layers)) });
  });
}

/** By name where the file has every layer of the base, so that one with a classifier serves as well. */
function orderOf(
  file: WeightFile,
  model: string,
  targets: readonly TargetLayer[],
): "name" | "order" {
  const saved = withWeights(file.layers).filter(({ isNamed }) => isNamed);
  const names = new Set(flattenNested(saved, targets).map(({ name }) => name));
  if (!targets.every(({ name }) => names.has(name))) return "order";
  const larger = names.size > targets.length ? largerNetwork(names, targets) : null;
  if (larger !== null) {
    throw new FormatError(`${file.path}: must be of ${model}, got the layers of ${larger}`, {
      ...LIST_LAYERS,
    });
  }
  return "name";
}

/** VGG16's names and shapes are all among VGG19's, and ResNet50V2's among ResNet152V2's, but the weights are others. */
function largerNetwork(names: ReadonlySet<string>, targets: readonly TargetLayer[]): string | null {
  for (const backbone of BACKBONE_NAMES.toReversed()) {
    const network = BACKBONES[backbone].build({ inputShape: [32, 32, 3], includeTop: false });
    const layers = withWeights(describeModel(network).layers);
    const isThere = layers.every(({ name }) => names.has(name));
    if (isThere && layers.length > targets.length) return backbone;
  }
  return null;
}

function withWeights<T extends { readonly weights: readonly unknown[] }>(layers: readonly T[]) {
  return layers.filter(({ weights }) => weights.length > 0);
}
