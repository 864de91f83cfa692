// A layer of a file and the layer of a model that its weights are for: what pairing ends in, by whichever rule.

import type { Shape } from "../../engine/core/shape.ts";
import type { Holder } from "../../engine/program/layer-record.ts";
import { isOwnName } from "../../models/architecture/own-names.ts";
import type { SavedLayer } from "./saved-weights.ts";

/** A layer to load into, in the model's order; the engine's LayerRecord is one. */
export interface TargetLayer {
  readonly name: string;
  /** Keras's: `Conv2D`. */
  readonly className: string;
  /** Trainable ones first, then statistics. */
  readonly weights: readonly { readonly name: string; readonly shape: Shape }[];
  /** The models within the model that it belongs to, the outermost first. */
  readonly within?: readonly Holder[];
}

/** A layer of the file and the layer of the model that it is for. */
export interface LayerPair {
  readonly saved: SavedLayer;
  readonly target: TargetLayer;
}

/** Whether a file calls the layer so, which here may have a longer name. */
export function isCalled({ name, within = [] }: TargetLayer, saved: string): boolean {
  const holders = within.map((holder) => holder.name);
  return isOwnName(name, saved, holders);
}
