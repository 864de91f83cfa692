// A model as Keras's files describe it: its layers in Keras's order, and which of them are held fixed. Made from the
// records that every layer leaves; it holds no weights and knows no file format.

import type { Shape } from "../engine/core/shape.ts";
import { describeModel, type Model, variablesOf } from "../engine/layers/model.ts";
import type { LayerRecord } from "../engine/program/layer-record.ts";

export interface ExportedLayer extends LayerRecord {
  /** False where all of its variables are held fixed, Keras's `trainable`. */
  readonly trainable: boolean;
}

export interface ExportedModel {
  readonly name: string;
  /** Height, width, channels of one image. */
  readonly inputShape: Shape;
  /** Keras's Functional, whose first layer is an InputLayer; else a Sequential, which has none among its layers. */
  readonly isFunctional: boolean;
  /** In the order of Keras's `model.layers`. */
  readonly layers: readonly ExportedLayer[];
}

/** Weights by the name of their variable, one at a time; a Map of them is one. */
export type WeightStream = Iterable<readonly [name: string, data: Float32Array]>;

/** Records the model without a device. Throws its shape errors. */
export function exportedModel(model: Model): ExportedModel {
  const { name, layers } = describeModel(model);
  const moving = new Set([...variablesOf(model)].filter((v) => v.trainable).map((v) => v.name));
  return {
    name,
    inputShape: model.inputShape,
    isFunctional: layers[0]?.className === "InputLayer",
    layers: layers.map((layer) => {
      const { weights } = layer;
      const trainable = weights.length === 0 || weights.some((weight) => moving.has(weight.name));
      return { ...layer, trainable };
    }),
  };
}
