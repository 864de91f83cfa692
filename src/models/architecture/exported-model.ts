// A model as Keras's files describe it: its layers in Keras's order, who feeds whom, and which of them are held fixed. Made
// from the records that every layer leaves; it holds no weights and knows no file format.

import { VitrineError } from "../../engine/core/errors.ts";
import type { Shape } from "../../engine/core/shape.ts";
import { describeModel, type Model, variablesOf } from "../../engine/layers/model.ts";
import type { CallOutput, CallRecord, LayerRecord } from "../../engine/program/layer-record.ts";
import { inKerasOrder } from "./layer-order.ts";

export interface ExportedLayer extends LayerRecord {
  /** False where all of its variables are held fixed, Keras's `trainable`. */
  readonly trainable: boolean;
  /** Each time that the model calls it, the first first; none of an InputLayer. */
  readonly calls: readonly CallRecord[];
}

export interface ExportedModel {
  readonly name: string;
  /** Height, width, channels of one image. */
  readonly inputShape: Shape;
  /** Keras's Functional, whose first layer is an InputLayer; else a Sequential, which has none among its layers. */
  readonly isFunctional: boolean;
  /** In the order of Keras's `model.layers`. */
  readonly layers: readonly ExportedLayer[];
  /** What the model gives. */
  readonly output: CallOutput;
}

export interface ExportOptions {
  /**
   * `keras`, the default, is that of `model.layers` in Keras, by which weights are found; `recorded` is that in which the model
   * calls them, on which the random numbers of its layers depend.
   */
  readonly order?: "keras" | "recorded";
}

/** Weights by the name of their variable, one at a time; a Map of them is one. */
export type WeightStream = Iterable<readonly [name: string, data: Float32Array]>;

/** Records the model without a device. Throws its shape errors, and VitrineError for a graph that Keras could not follow. */
export function exportedModel(
  model: Model,
  { order = "keras" }: ExportOptions = {},
): ExportedModel {
  const { name, layers: records, calls, output } = describeModel(model);
  const { inputShape } = model;
  const moving = new Set([...variablesOf(model)].filter((v) => v.trainable).map((v) => v.name));
  const layers = records.map((layer) => {
    const { weights } = layer;
    const trainable = weights.length === 0 || weights.some((weight) => moving.has(weight.name));
    return { ...layer, trainable, calls: calls.get(layer.name) ?? [] };
  });
  if (isChain(layers, output)) return { name, inputShape, isFunctional: false, layers, output };
  const graph = {
    name,
    inputShape,
    isFunctional: true,
    layers: withInput(layers, inputShape),
    output,
  };
  refuseStrangers(graph);
  return order === "keras" ? { ...graph, layers: inKerasOrder(graph.layers, output) } : graph;
}

/** Whether each layer takes what the one before it gives, once, and as the model's own mode is: Keras's Sequential. */
function isChain(layers: readonly ExportedLayer[], output: CallOutput): boolean {
  if (output.layer !== layers.at(-1)?.name) return false;
  return layers.every(({ calls: [call, ...more] }, index) => {
    if (!call || more.length > 0 || call.isInference || call.inputs.length !== 1) return false;
    return index === 0 || call.inputs[0]?.layer === layers[index - 1]?.name;
  });
}

/** With an InputLayer, which a Sequential does not list, in place of what its first layers take. */
function withInput(layers: readonly ExportedLayer[], shape: Shape): readonly ExportedLayer[] {
  if (layers[0]?.className === "InputLayer") return layers;
  const names = new Set(layers.map(({ name }) => name));
  const input = { ...INPUT, name: freeName("input_layer", names), outputShape: shape };
  const renamed = (source: CallOutput) =>
    source.layer === SEQUENTIAL_INPUT && !names.has(SEQUENTIAL_INPUT)
      ? { layer: input.name, call: 0 }
      : source;
  const rest = layers.map((layer) => ({
    ...layer,
    calls: layer.calls.map((call) => ({ ...call, inputs: call.inputs.map(renamed) })),
  }));
  return [input, ...rest];
}

/** What a sequential model calls the tensor that it starts from. */
const SEQUENTIAL_INPUT = "input";

const INPUT = {
  ...{ className: "InputLayer", config: {}, params: 0, weights: [], inputs: [], site: null },
  ...{ trainable: true, calls: [] },
} as const;

function freeName(base: string, taken: ReadonlySet<string>): string {
  let name = base;
  for (let count = 1; taken.has(name); count++) name = `${base}_${count}`;
  return name;
}

/** Keras follows tensors from layer to layer: one that no layer gives leads nowhere. */
function refuseStrangers({ name, layers, output }: ExportedModel): void {
  const known = new Set(layers.map((layer) => layer.name));
  const rule = "must be of a layer to be written";
  if (!known.has(output.layer)) {
    throw new VitrineError(`model ${name}: its result ${rule}, got a tensor of none`);
  }
  for (const layer of layers) {
    const inputs = layer.calls.flatMap((call) => call.inputs);
    if (inputs.every((source) => known.has(source.layer))) continue;
    throw new VitrineError(`layer ${layer.name}: what it takes ${rule}, got a tensor of none`);
  }
}
