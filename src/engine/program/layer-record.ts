// What a program knows of a layer: its name and class as Keras has them, its settings, and where in the model it stands.

import type { Shape } from "../core/shape.ts";

export interface LayerRecord {
  readonly name: string;
  /** Keras's class name: `Conv2D`. */
  readonly className: string;
  /** What Keras's `get_config` says beyond the name: enough to build the layer again. */
  readonly config: LayerConfig;
  /** Without the batch axis. */
  readonly outputShape: Shape;
  /** Elements of the layer's variables. */
  readonly params: number;
  /** The layer's variables, in Keras's order: trainable ones, then statistics. */
  readonly weights: readonly WeightRecord[];
  /** Names of the layers whose outputs it takes, in its first call where there are several. */
  readonly inputs: readonly string[];
  /** `file:line` of the model that made the layer; null where the platform does not tell. */
  readonly site: string | null;
  /** The models within the model that it belongs to, the outermost first; absent for the model's own layers. */
  readonly within?: readonly Holder[];
}

/** What a layer gives in one of its calls, which count from 0. */
export interface CallOutput {
  readonly layer: string;
  readonly call: number;
}

/** One of the times that a model calls a layer. */
export interface CallRecord {
  readonly inputs: readonly CallOutput[];
  /** Without the batch axis. */
  readonly outputShape: Shape;
  /** With `training=False`, also when the model is trained. */
  readonly isInference: boolean;
}

/** A model that is a layer of another one: Keras counts the layers of each apart. */
export interface Holder {
  readonly name: string;
  /** Keras's: `Functional` or `Sequential`. */
  readonly className: string;
}

/** In Keras's spelling: `{ filters: 64, kernel_size: [3, 3], padding: "same" }`. */
export type LayerConfig = Readonly<Record<string, ConfigValue>>;

export type ConfigValue =
  | string
  | number
  | boolean
  | null
  | readonly ConfigValue[]
  | { readonly [key: string]: ConfigValue };

export interface WeightRecord {
  /** `layer/kernel`. */
  readonly name: string;
  readonly shape: Shape;
}
