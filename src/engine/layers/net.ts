// A net is a model being written down: layers call it to declare their variables and to record their ops under a name.
// It leaves the list of layers behind that a summary prints.

import { callSite } from "../core/call-site.ts";
import { VitrineError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { addTensors } from "../ops/add.ts";
import { type Penalty, weightPenalty } from "../ops/penalty.ts";
import type {
  CallOutput,
  CallRecord,
  Holder,
  LayerConfig,
  LayerRecord,
  WeightRecord,
} from "../program/layer-record.ts";
import type { Recorder } from "../program/recorder.ts";
import type { HalfWeights } from "./half-weights.ts";
import type { Initializer } from "./initializers.ts";
import type { Variables } from "./variables.ts";

/** A configured layer: call it with a net and a tensor to record it. */
export type Layer = (net: Net, x: Tensor) => Tensor;

export interface NetOptions {
  readonly rec: Recorder;
  readonly variables: Variables;
  /** Training: dropout drops, batch normalisation uses the batch, and gradients are asked for. */
  readonly training: boolean;
  /** Step counter on the device (u32), read by dropout; needed when training. */
  readonly clock: Tensor | null;
  /** The copies in f16 that layers are given in place of their weights; default: none. */
  readonly halves?: HalfWeights | null;
}

export interface LayerCall {
  readonly className: string;
  /** Default: the class's name in snake case, numbered from its second use. */
  readonly name?: string | undefined;
  readonly inputs: readonly Tensor[];
  /** Default: nothing to configure. */
  readonly config?: LayerConfig;
  /** `file:line` of the model that made the layer. */
  readonly site?: string | null;
}

/** A layer as a model makes it: to be called with a net and a tensor. */
export function layerOf(
  call: Omit<LayerCall, "inputs" | "site">,
  body: (net: Net, x: Tensor) => Tensor,
): Layer {
  const site = modelSite();
  return (net, x) => net.layer({ ...call, inputs: [x], site }, () => body(net, x));
}

/** More than a model has layers: what is called again draws numbers of its own. */
const REPEATED = 2 ** 20;

const LAYERS = new URL(".", import.meta.url).href;

/** Where the model calls a function of this folder. */
export function modelSite(): string | null {
  return callSite(LAYERS);
}

export interface ParameterRequest {
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: Initializer;
  readonly trainable?: boolean;
  /** Is added to the loss. */
  readonly penalty?: Penalty;
  /** Stays f32 in mixed precision too, as Keras has it of what normalises; default false. */
  readonly isFull?: boolean;
}

/** What layers are called with: records their ops, and makes their variables under their names. */
export class Net {
  readonly rec: Recorder;
  readonly variables: Variables;
  readonly clock: Tensor | null;
  readonly #counts = new Map<string, number>();
  readonly #owners = new Map<Tensor, CallOutput>();
  readonly #calls = new Map<string, CallRecord[]>();
  readonly #outputs = new Map<string, Tensor>();
  readonly #penalties: Tensor[] = [];
  readonly #wantsGradients: boolean;
  readonly #halves: HalfWeights | null;
  #training: boolean;
  #isInference = false;
  #isFrozen = false;
  /** Calls of layers that were recorded before; 0 while none is under way. */
  #again = 0;
  #repeats = 0;
  #holders: readonly Holder[] = [];
  #weights: WeightRecord[] = [];

  constructor(options: NetOptions) {
    this.rec = options.rec;
    this.variables = options.variables;
    this.#training = options.training;
    this.#wantsGradients = options.training;
    this.clock = options.clock;
    this.#halves = options.halves ?? null;
  }

  /** The layers recorded so far. */
  get layers(): LayerRecord[] {
    return this.rec.layers;
  }

  /** What each layer recorded so far comes to, by its name. */
  get outputs(): ReadonlyMap<string, Tensor> {
    return this.#outputs;
  }

  /** By the name of a layer, each time that it was recorded; of an input layer, none. */
  get calls(): ReadonlyMap<string, readonly CallRecord[]> {
    return this.#calls;
  }

  /** Which layer gave the tensor; the name is empty where none did. */
  sourceOf(x: Tensor): CallOutput {
    return this.#owners.get(x) ?? { layer: "", call: 0 };
  }

  /** Whether the layer being recorded behaves as in training. */
  get training(): boolean {
    return this.#training;
  }

  /** Whether the model is recorded to be trained, also where layers run in inference mode. */
  get wantsGradients(): boolean {
    return this.#wantsGradients;
  }

  /** Names the tensor that the model starts from, without a row in the summary: a sequential model's. */
  input(x: Tensor, name: string): Tensor {
    this.#owners.set(x, { layer: name, call: 0 });
    return x;
  }

  /** The same as a layer of its own, Keras's InputLayer: a functional model's. */
  inputLayer(x: Tensor, name = "input_layer"): Tensor {
    const outputShape = x.shape.slice(1);
    const config = { batch_shape: [null, ...outputShape], dtype: "float32" };
    const record = { name, className: "InputLayer", config, outputShape };
    this.layers.push({ ...record, params: 0, weights: [], inputs: [], site: modelSite() });
    return this.input(x, name);
  }

  /** Records layers as Keras calls them with `training=False`; gradients flow none the less. */
  inference<T>(body: () => T): T {
    const outer = { training: this.#training, isInference: this.#isInference };
    this.#training = false;
    this.#isInference = true;
    try {
      return body();
    } finally {
      this.#training = outer.training;
      this.#isInference = outer.isInference;
    }
  }

  /** Records layers whose variables are held fixed, Keras's `trainable = False`; statistics do not move either. */
  frozen<T>(body: () => T): T {
    const outer = this.#isFrozen;
    this.#isFrozen = true;
    try {
      return body();
    } finally {
      this.#isFrozen = outer;
    }
  }

  /** Records layers as those of a model within the model; nothing is computed otherwise. */
  within<T>(holder: Holder, body: () => T): T {
    const outer = this.#holders;
    this.#holders = [...outer, holder];
    try {
      return body();
    } finally {
      this.#holders = outer;
    }
  }

  /** Records layers that were recorded before, by their names, once more: with the same variables, and no rows of their own. */
  again<T>(body: () => T): T {
    const outer = this.#again;
    this.#again = outer === 0 ? ++this.#repeats : outer;
    try {
      return body();
    } finally {
      this.#again = outer;
    }
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Records a layer: everything that `body` records and declares belongs to it. */
  layer(call: LayerCall, body: () => Tensor): Tensor {
    const name = call.name ?? this.#nextName(snakeCase(call.className));
    const site = call.site ?? null;
    this.#weights = [];
    const y = this.rec.inLayer(name, body, site);
    const inputs = call.inputs.map((tensor) => this.sourceOf(tensor));
    const count = this.#record(name, inputs, y);
    this.#owners.set(y, { layer: name, call: count - 1 });
    if (this.#again > 0) {
      if (count > 1) return y;
      throw new VitrineError(`layer ${name}: must be recorded before it is called again`);
    }
    this.layers.push({
      site,
      name,
      className: call.className,
      config: call.config ?? {},
      outputShape: y.shape.slice(1),
      params: this.#weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
      weights: this.#weights,
      inputs: inputs.map(({ layer }) => layer),
      ...(this.#holders.length > 0 && { within: this.#holders }),
    });
    this.#outputs.set(name, y);
    return y;
  }

  /** How often the layer has been recorded, this time included. */
  #record(name: string, inputs: readonly CallOutput[], y: Tensor): number {
    const calls = this.#calls.get(name) ?? [];
    this.#calls.set(name, calls);
    const outputShape = y.shape.slice(1);
    return calls.push({ inputs, outputShape, isInference: this.#isInference });
  }

  /** Declares a variable of the layer being recorded, and asks for its gradient when training. */
  parameter(request: ParameterRequest): Tensor {
    const { name, shape, initializer, penalty: { l1 = 0, l2 = 0 } = {} } = request;
    const trainable = (request.trainable ?? true) && !this.#isFrozen;
    const path = `${this.rec.origin.layers[0]}/${name}`;
    const isConstant = this.#isFrozen;
    const declared = this.variables.declare({
      name: path,
      shape,
      initializer,
      trainable,
      isConstant,
    });
    const { tensor } = declared;
    const computedWith = () => (request.isFull ? tensor : (this.#halves?.of(declared) ?? tensor));
    // Listed, watched and penalised when the layer was recorded first.
    if (this.#again > 0) return computedWith();
    this.#weights.push({ name: path, shape });
    this.rec.variables.push({ name: path, trainable, tensor });
    if (this.#wantsGradients && trainable) this.rec.watch(tensor);
    if (l1 > 0 || l2 > 0) this.#penalties.push(weightPenalty(this.rec, tensor, { l1, l2 }));
    return computedWith();
  }

  get hasPenalty(): boolean {
    return this.#penalties.length > 0;
  }

  /** The sum of the regularisers' penalties, or null where there are none. */
  penalty(): Tensor | null {
    const [first, ...rest] = this.#penalties;
    if (!first) return null;
    return rest.reduce((sum, next) => addTensors(this.rec, sum, next, "penalty"), first);
  }

  /** The stream of random numbers of the layer being recorded: its place in the model. */
  get stream(): number {
    return this.layers.length + REPEATED * this.#again;
  }

  #nextName(base: string): string {
    const count = this.#counts.get(base) ?? 0;
    this.#counts.set(base, count + 1);
    return count === 0 ? base : `${base}_${count}`;
  }
}

/** `MaxPooling2D` → `max_pooling2d`, as Keras names layers. */
export function snakeCase(className: string): string {
  return className
    .replace(/(.)([A-Z][a-z0-9]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}
