// One of our models from Keras's description of one: Sequential, or Functional with branches that are added, also with such
// models as layers, which are taken apart. Its weights come separately (assign-weights.ts).

import { FormatError } from "../../engine/core/errors.ts";
import type { Shape } from "../../engine/core/shape.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import type { Model } from "../../engine/layers/model.ts";
import type { Net } from "../../engine/layers/net.ts";
import { type LayerBuilder, layerFromConfig } from "./layer-from-config.ts";
import {
  isModelClass,
  type LayerSpec,
  type ModelSpec,
  quote,
  readModelSpec,
} from "./model-config.ts";

/**
 * @param description `{ class_name, config }`, parsed
 * @param where names the file in messages
 * @throws FormatError naming the layer and the class or option that we do not have; ShapeError when it is built, for
 * shapes that do not fit
 */
export function modelFromConfig(description: unknown, where: string): Model {
  const spec = readModelSpec(description, where);
  refuseTwins(spec, where);
  const part = assemble(spec, where);
  return {
    name: spec.name,
    inputShape: inputShapeOf(spec, where),
    build: (net, x) => {
      const input = part.inputLayer;
      const entry = input === null ? net.input(x, "input") : net.inputLayer(x, input);
      return part.record(net, entry);
    },
  };
}

interface Part {
  /** Name of the layer that stands for the input; null in a Sequential, which does not list it. */
  readonly inputLayer: string | null;
  record(net: Net, x: Tensor): Tensor;
}

interface Step {
  readonly spec: LayerSpec;
  readonly build: LayerBuilder;
}

function assemble(model: ModelSpec, where: string): Part {
  const inputs = model.layers.filter(isInput);
  const steps = model.layers
    .filter((spec) => !isInput(spec))
    .map((spec) => ({ spec, build: held(model, spec, builderOf(spec, where)) }));
  if (model.isSequential) return { inputLayer: null, record: chain(steps) };
  const [input, ...others] = inputs;
  const [output, ...more] = model.outputs ?? [];
  if (!input || output === undefined || others.length + more.length > 0) {
    const got = `${inputs.length} and ${model.outputs?.length ?? 0}`;
    throw new FormatError(`${where}: a model must have one input and one output, got ${got}`);
  }
  return { inputLayer: input.name, record: graph(steps, { input: input.name, output, where }) };
}

function isInput(spec: LayerSpec): boolean {
  return spec.className === "InputLayer";
}

function builderOf(spec: LayerSpec, where: string): LayerBuilder {
  if (!isModelClass(spec.className)) return layerFromConfig(spec, where);
  const inner = assemble(readModelSpec(spec.config, `${where}: ${spec.name}`), where);
  return (net, [x]) => {
    if (!x) throw new FormatError(`${where}: layer ${spec.name} takes a tensor, got none`);
    return inner.record(net, x);
  };
}

/** Layers that Keras holds fixed, or calls in inference mode, are recorded so. */
function held(model: ModelSpec, spec: LayerSpec, build: LayerBuilder): LayerBuilder {
  const isFrozen = !model.trainable || spec.config["trainable"] === false;
  const calm: LayerBuilder = spec.isInference
    ? (net, inputs) => net.inference(() => build(net, inputs))
    : build;
  return isFrozen ? (net, inputs) => net.frozen(() => calm(net, inputs)) : calm;
}

function chain(steps: readonly Step[]): Part["record"] {
  return (net, x) => steps.reduce((tensor, { build }) => build(net, [tensor]), x);
}

interface Ends {
  readonly input: string;
  readonly output: string;
  readonly where: string;
}

/** Records layers in the order of the list, which is that of Keras's `model.layers`, as soon as their inputs are there. */
function graph(steps: readonly Step[], { input, output, where }: Ends): Part["record"] {
  const order = inOrder(steps, { input, output, where });
  return (net, x) => {
    const tensors = new Map([[input, x]]);
    for (const { spec, build } of order) {
      const inputs = (spec.inputs ?? []).flatMap((name) => tensors.get(name) ?? []);
      tensors.set(spec.name, build(net, inputs));
    }
    const y = tensors.get(output);
    if (!y) throw new FormatError(`${where}: the output must be a layer, got ${quote(output)}`);
    return y;
  };
}

function inOrder(steps: readonly Step[], { input, where }: Ends): readonly Step[] {
  const ready = new Set([input]);
  const order: Step[] = [];
  let waiting = steps;
  while (waiting.length > 0) {
    const later: Step[] = [];
    for (const step of waiting) {
      const sources = step.spec.inputs ?? [];
      const isReady = sources.length > 0 && sources.every((name) => ready.has(name));
      (isReady ? order : later).push(step);
      if (isReady) ready.add(step.spec.name);
    }
    if (later.length === waiting.length) {
      const { name, inputs } = later[0]?.spec ?? { name: "", inputs: [] };
      const rule = `layer ${name} must take tensors of layers before it`;
      throw new FormatError(`${where}: ${rule}, got ${quote(inputs)}`);
    }
    waiting = later;
  }
  return order;
}

/** Variables are found by the names of their layers, also across models within models. */
function refuseTwins(spec: ModelSpec, where: string): void {
  const seen = new Set<string>();
  for (const name of namesOf(spec, where)) {
    if (seen.has(name)) {
      throw new FormatError(`${where}: layers must have names of their own, got ${name} twice`);
    }
    seen.add(name);
  }
}

function namesOf(model: ModelSpec, where: string): string[] {
  return model.layers
    .filter((spec) => !isInput(spec))
    .flatMap((spec) =>
      isModelClass(spec.className)
        ? namesOf(readModelSpec(spec.config, `${where}: ${spec.name}`), where)
        : [spec.name],
    );
}

/** Rows, columns and channels, which Keras may leave open, but our kernels are sized by. */
function inputShapeOf(model: ModelSpec, where: string): Shape {
  const first = model.layers[0];
  const own = first?.config["batch_shape"] ?? first?.config["batch_input_shape"];
  const batchShape = own ?? model.batchShape ?? innerShape(first, where);
  const shape = Array.isArray(batchShape) ? batchShape.slice(1) : [];
  const isWhole = shape.every((extent) => Number.isSafeInteger(extent) && extent > 0);
  if (shape.length > 0 && isWhole) return shape;
  const got = quote(batchShape);
  throw new FormatError(`${where}: a model must tell the shape of its input, got ${got}`);
}

function innerShape(first: LayerSpec | undefined, where: string): unknown {
  if (!first || !isModelClass(first.className)) return undefined;
  return [null, ...inputShapeOf(readModelSpec(first.config, where), where)];
}
