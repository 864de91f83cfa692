// One of our models from Keras's description of one: Sequential, or Functional with branches that are added, also with such
// models as layers, which are taken apart. Its weights come separately (assign-weights.ts).

import { DeviceError, FormatError, VitrineError } from "../../engine/core/errors.ts";
import type { Shape } from "../../engine/core/shape.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import type { Model } from "../../engine/layers/model.ts";
import type { Net } from "../../engine/layers/net.ts";
import { quote } from "./json-record.ts";
import type { Source } from "./layer-calls.ts";
import { type LayerBuilder, layerFromConfig } from "./layer-from-config.ts";
import { isModelClass, type LayerSpec, type ModelSpec, readModelSpec } from "./model-config.ts";
import { OwnNames } from "./own-names.ts";
import { refuseUntrained } from "./training-options.ts";

/**
 * @param description `{ class_name, config }`, parsed
 * @param where names the file in messages
 * @throws FormatError naming the layer and the class or option that we do not have, and when it is built, for shapes that do
 * not fit
 */
export function modelFromConfig(description: unknown, where: string): Model {
  const spec = readModelSpec(description, where);
  const part = assemble(spec, { where, within: [], names: new OwnNames() });
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

/** Where a model stands in the file. */
interface Site {
  readonly where: string;
  /** Names of the models around it, the outermost first. */
  readonly within: readonly string[];
  readonly names: OwnNames;
}

function assemble(model: ModelSpec, site: Site): Part {
  const ends = endsOf(model, site.where);
  const steps = model.layers
    .filter((spec) => !isInput(spec))
    .map((spec) => ({ spec, build: held(model, spec, builderOf(spec, site)) }));
  return ends
    ? { inputLayer: ends.input, record: graph(model, steps, ends) }
    : { inputLayer: null, record: chain(steps) };
}

/** Null for a Sequential. Throws FormatError for several inputs or outputs, by their names. */
function endsOf(model: ModelSpec, where: string): Ends | null {
  if (model.isSequential) return null;
  const inputs = model.layers.filter(isInput).map(({ name }) => name);
  const found = model.outputs ?? [];
  const outputs = found.map(({ layer }) => layer);
  const [[input], [output]] = [inputs, found];
  if (input !== undefined && output !== undefined && inputs.length + outputs.length === 2) {
    refuseCut(model, where);
    return { input, output, where };
  }
  const counts = `${inputs.length} (${inputs.join(", ")}) and ${outputs.length} (${outputs.join(", ")})`;
  throw new FormatError(`${where}: a model must have one input and one output, got ${counts}`, {
    help: "in Python: model = keras.Model(model.inputs[0], model.outputs[0]), where one input is enough",
  });
}

/** Keras 3.0 writes a model that was cut out of another with all that stood before it, and starts at one of its layers. */
function refuseCut({ layers, inputs }: ModelSpec, where: string): void {
  const isTaken = (name: string) => layers.some((spec) => isInput(spec) && spec.name === name);
  const other = inputs?.find(({ layer }) => !isTaken(layer));
  if (!other) return;
  throw new FormatError(`${where}: a model must start at an InputLayer, got ${other.layer}`, {
    help: "in Python: x = keras.Input(model.input_shape[1:]); model = keras.Model(x, model(x))",
  });
}

function isInput(spec: LayerSpec): boolean {
  return spec.className === "InputLayer";
}

function builderOf(spec: LayerSpec, site: Site): LayerBuilder {
  const { where, within, names } = site;
  if (!isModelClass(spec.className)) {
    const own = { ...spec, name: ownName(spec, site) };
    const build = placed(spec, where, () => layerFromConfig(own, where));
    return (net, inputs) => {
      refuseUntrained(net, spec, where);
      return placed(spec, where, () => build(net, inputs));
    };
  }
  const { name, className } = spec;
  const inner = assemble(readModelSpec(spec.config, `${where}: ${name}`), {
    ...{ where, names, within: [...within, name] },
  });
  return (net, [x]) => {
    if (!x) throw new FormatError(`${where}: layer ${name} takes a tensor, got none`);
    return net.within({ name, className }, () => inner.record(net, x));
  };
}

/** Layers and ops tell which rule of theirs is broken; of which layer and file, is known here. */
function placed<T>({ name, className, position }: LayerSpec, where: string, build: () => T): T {
  try {
    return build();
  } catch (cause) {
    const isOurs = cause instanceof VitrineError && !(cause instanceof DeviceError);
    if (!isOurs || cause.message.startsWith(`${where}: `)) throw cause;
    const { message, help } = cause;
    const place = `${where}: layer ${name} (${className})`;
    throw new FormatError(`${place}: ${message} at position ${position}`, {
      cause,
      ...(help ? { help } : {}),
    });
  }
}

/** Layers that Keras holds fixed are recorded so. */
function held(model: ModelSpec, spec: LayerSpec, build: LayerBuilder): LayerBuilder {
  const isFrozen = !model.trainable || spec.config["trainable"] === false;
  return isFrozen ? (net, inputs) => net.frozen(() => build(net, inputs)) : build;
}

function chain(steps: readonly Step[]): Part["record"] {
  return (net, x) => steps.reduce((tensor, { build }) => build(net, [tensor]), x);
}

interface Ends {
  readonly input: string;
  readonly output: Source;
  readonly where: string;
}

/**
 * Records layers in the order of the list, which is that of Keras's `model.layers`, as soon as their inputs are there; a layer
 * that is called again comes to the same weights.
 */
function graph(model: ModelSpec, steps: readonly Step[], ends: Ends): Part["record"] {
  const { input, output, where } = ends;
  const calls = inOrder(callsOf(model, steps, where), ends);
  const result = placeOf(model, output, `${where}: the output`);
  return (net, x) => {
    const tensors = new Map([[keyOf({ layer: input, call: 0 }), x]]);
    const built = new Set<string>();
    for (const { layer, call, sources, isInference, build } of calls) {
      const inputs = sources.flatMap((source) => tensors.get(keyOf(source)) ?? []);
      const record = () =>
        isInference ? net.inference(() => build(net, inputs)) : build(net, inputs);
      tensors.set(keyOf({ layer, call }), built.has(layer) ? net.again(record) : record());
      built.add(layer);
    }
    const y = tensors.get(keyOf(result));
    if (!y)
      throw new FormatError(`${where}: the output must be a layer, got ${quote(output.layer)}`);
    return y;
  };
}

/** A call of a layer, from 0. */
interface Place {
  readonly layer: string;
  readonly call: number;
}

interface Call extends Place {
  readonly sources: readonly Place[];
  readonly isInference: boolean;
  readonly build: LayerBuilder;
}

function keyOf({ layer, call }: Place): string {
  return `${call} ${layer}`;
}

function callsOf(model: ModelSpec, steps: readonly Step[], where: string): readonly Call[] {
  return steps.flatMap(({ spec, build }) =>
    spec.calls.map(({ inputs, isInference }, call) => {
      const taker = `${where}: layer ${spec.name}`;
      const sources = inputs.map((source) => placeOf(model, source, taker));
      return { layer: spec.name, call, sources, isInference, build };
    }),
  );
}

/** Throws FormatError, naming who takes it, for a call that the layer does not have. */
function placeOf(model: ModelSpec, source: Source, taker: string): Place {
  const { layer, node } = source;
  const spec = model.layers.find(({ name }) => name === layer);
  // An input is there without being called; of a layer that is not there, the order tells.
  const calls = Math.max(1, spec?.calls.length ?? 0);
  const call = node - (spec && isModelClass(spec.className) ? callsBefore(model, spec) : 0);
  if (!spec || (call >= 0 && call < calls)) return { layer, call };
  const rule = "must take what layers give in calls that they have";
  throw new FormatError(`${taker} ${rule}, got ${quote([layer, node])}`);
}

/**
 * Keras counts the calls of a Functional within the model from 1, since it has been called when it was made, and those of a
 * Sequential from 0 or 1.
 */
function callsBefore({ layers, outputs }: ModelSpec, { name, calls }: LayerSpec): number {
  const all = [
    ...layers.flatMap((spec) => spec.calls.flatMap(({ inputs }) => inputs)),
    ...(outputs ?? []),
  ];
  const nodes = all.filter((source) => source.layer === name).map((source) => source.node);
  return Math.max(...nodes) >= calls.length ? 1 : 0;
}

function inOrder(calls: readonly Call[], { input, where }: Ends): readonly Call[] {
  const ready = new Set([keyOf({ layer: input, call: 0 })]);
  const order: Call[] = [];
  let waiting = calls;
  while (waiting.length > 0) {
    const later: Call[] = [];
    for (const call of waiting) {
      const { sources } = call;
      const isReady = sources.length > 0 && sources.every((source) => ready.has(keyOf(source)));
      (isReady ? order : later).push(call);
      if (isReady) ready.add(keyOf(call));
    }
    if (later.length === waiting.length) {
      const { layer = "", sources = [] } = later[0] ?? {};
      const names = sources.map((source) => source.layer);
      const rule = `layer ${layer} must take tensors of layers before it`;
      throw new FormatError(`${where}: ${rule}, got ${quote(names)}`);
    }
    waiting = later;
  }
  return order;
}

/** Variables are found by the names of their layers, also across models within models. */
function ownName({ name }: LayerSpec, { where, within, names }: Site): string {
  const own = names.of(name, within);
  if (own !== null) return own;
  throw new FormatError(`${where}: layers must have names of their own, got ${name} twice`);
}

/** Of one example: more than a buffer of any device holds. */
const MOST_INPUTS = 2 ** 28;

/** Rows, columns and channels, which Keras may leave open, but our kernels are sized by. */
function inputShapeOf(model: ModelSpec, where: string): Shape {
  const first = model.layers[0];
  const own = first?.config["batch_shape"] ?? first?.config["batch_input_shape"];
  const batchShape = own ?? model.batchShape ?? innerShape(first, where);
  const shape = Array.isArray(batchShape) ? batchShape.slice(1) : [];
  const isWhole = shape.every((extent) => Number.isSafeInteger(extent) && extent > 0);
  const got = quote(batchShape);
  if (shape.length > 0 && isWhole) {
    if (shape.reduce((product, extent) => product * extent, 1) <= MOST_INPUTS) return shape;
    throw new FormatError(
      `${where}: an input must have at most ${MOST_INPUTS} numbers, got ${got}`,
    );
  }
  throw new FormatError(`${where}: a model must tell the shape of its input, got ${got}`);
}

function innerShape(first: LayerSpec | undefined, where: string): unknown {
  if (!first || !isModelClass(first.className)) return undefined;
  return [null, ...inputShapeOf(readModelSpec(first.config, where), where)];
}
