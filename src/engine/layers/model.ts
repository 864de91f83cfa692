// A model: a name, the shape of one input, and a function that records it. Building it against a recorder of any batch
// size gives a program; nothing else is needed to train, evaluate or describe it. A model never changes: what is known of it
// is found out once.

import { VitrineError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Preprocessing } from "../ops/preprocessing.ts";
import type { CallOutput, CallRecord, LayerRecord } from "../program/layer-record.ts";
import { Recorder } from "../program/recorder.ts";
import { type Layer, Net } from "./net.ts";
import { type VariableRequest, Variables } from "./variables.ts";

/** A network that can be recorded: what goes in, and the layers that are called on it. */
export interface Model {
  readonly name: string;
  /** Height, width, channels of one image. */
  readonly inputShape: Shape;
  /** What becomes of an image's bytes before the first layer; default `unit`. */
  readonly preprocessing?: Preprocessing;
  /** Records the model from a batch of inputs (N, …) to class probabilities (N, K), or a base to its features. */
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

/** A model's layers in order, with shapes and variables, as `describeModel` finds them without a device. */
export interface ModelDescription {
  readonly name: string;
  readonly layers: readonly LayerRecord[];
  /** By the name of a layer, each time that the model calls it; of an input layer, none. */
  readonly calls: ReadonlyMap<string, readonly CallRecord[]>;
  readonly trainable: number;
  readonly nonTrainable: number;
  /** Of one input, without the batch axis. */
  readonly outputShape: Shape;
  /** The layer that the model ends in; its name is empty where the result is no layer's. */
  readonly output: CallOutput;
}

/** What a summary shows, without a device. Throws the model's shape errors. */
export function describeModel(model: Model): ModelDescription {
  return declarationOf(model).description;
}

/** How many classes the model tells apart. Throws VitrineError when it does not end in their probabilities. */
export function classesOf(model: Model): number {
  const { outputShape } = describeModel(model);
  const [classes] = outputShape;
  if (outputShape.length !== 1 || classes === undefined) {
    throw new VitrineError(
      `model ${model.name}: ends in class probabilities (N, K), got ${["N", ...outputShape]}`,
    );
  }
  return classes;
}

/** How many labels the model tells apart: its classes, or 0 and 1 where it has a single output. */
export function labelsOf(model: Model): number {
  return Math.max(2, classesOf(model));
}

/** The variables that the model declares, new ones at each call, without a device. */
export function variablesOf(model: Model, seed = 0): Variables {
  const variables = new Variables(seed);
  for (const request of declarationOf(model).variables) variables.declare(request);
  return variables;
}

interface Declaration {
  readonly description: ModelDescription;
  readonly variables: readonly VariableRequest[];
}

const declarations = new WeakMap<Model, Declaration>();

/** What a model is, whatever its batch and device: found out once a model, by recording one row of it. */
function declarationOf(model: Model): Declaration {
  const known = declarations.get(model);
  if (known) return known;
  const rec = new Recorder({
    name: model.name,
    capabilities: { subgroupSize: null, isSoftware: true },
  });
  const variables = new Variables(0);
  const net = new Net({ rec, variables, training: false, clock: null });
  const y = model.build(net, rec.allocate([1, ...model.inputShape], "x"));
  const trainable = variables.count("trainable");
  const counts = { trainable, nonTrainable: variables.count() - trainable };
  const { name } = model;
  const { layers, calls } = net;
  const ends = { outputShape: y.shape.slice(1), output: net.sourceOf(y) };
  const declaration = {
    description: { name, layers, calls, ...counts, ...ends },
    variables: [...variables].map(({ tensor, ...request }) => ({
      ...request,
      shape: tensor.shape,
    })),
  };
  declarations.set(model, declaration);
  return declaration;
}
