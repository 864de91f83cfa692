// A model: a name, the shape of one input, and a function that records it. Building it against a recorder of any batch
// size gives a program; nothing else is needed to train, evaluate or describe it.

import { VitrineError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { Recorder } from "../program/recorder.ts";
import { type Layer, type LayerRecord, Net } from "./net.ts";
import { Variables } from "./variables.ts";

export interface Model {
  readonly name: string;
  /** Height, width, channels of one image. */
  readonly inputShape: Shape;
  /** Records the model from a batch of inputs (N, H, W, C) to class probabilities (N, K). */
  build(net: Net, x: Tensor): Tensor;
}

/** A model that is a chain of layers. */
export function sequential(name: string, inputShape: Shape, layers: readonly Layer[]): Model {
  return {
    name,
    inputShape,
    build: (net, x) => layers.reduce((tensor, layer) => layer(net, tensor), net.input(x, "input")),
  };
}

export interface ModelDescription {
  readonly name: string;
  readonly layers: readonly LayerRecord[];
  readonly trainable: number;
  readonly nonTrainable: number;
  readonly classes: number;
}

/** What a summary shows; records the model without a device, and throws its shape errors. */
export function describeModel(model: Model): ModelDescription {
  const { net, variables, classes } = recordAlone(model);
  const trainable = variables.count("trainable");
  return {
    name: model.name,
    layers: net.layers,
    trainable,
    nonTrainable: variables.count() - trainable,
    classes,
  };
}

/** The variables that the model declares, without a device. */
export function variablesOf(model: Model): Variables {
  return recordAlone(model).variables;
}

function recordAlone(model: Model) {
  const rec = new Recorder({
    name: model.name,
    capabilities: { subgroupSize: null, isSoftware: true },
  });
  const variables = new Variables(0);
  const net = new Net({ rec, variables, training: false, clock: null });
  const y = model.build(net, rec.allocate([1, ...model.inputShape], "x"));
  const [rows, classes] = y.shape;
  if (y.shape.length !== 2 || rows !== 1 || classes === undefined) {
    throw new VitrineError(
      `model ${model.name}: ends in class probabilities (N, K), got ${y.shape}`,
    );
  }
  return { net, variables, classes };
}
