// What Keras's `get_config` says of a layer: what the layer's record knows, completed by the settings that our layers
// fix. The two dialects of it, Keras 2's and Keras 3's, spell objects and a few fields differently.

import { VitrineError } from "../../engine/core/errors.ts";
import type { ConfigValue } from "../../engine/program/layer-record.ts";
import type { JsonValue } from "../../io/files.ts";
import type { ExportedLayer } from "../exported-model.ts";

export type JsonObject = { readonly [key: string]: JsonValue };

/** How one of the two generations of Keras writes what both mean. */
export interface Dialect {
  /** An initialiser, a regulariser: `keras.initializers`, `Zeros`, its own config. */
  object(module: string, className: string, config: JsonObject): JsonObject;
  /** Fields that only this dialect has, or that it writes its own way. */
  extras(layer: ExportedLayer): JsonObject;
}

type Defaults = (dialect: Dialect) => JsonObject;

const CHANNELS_LAST = { data_format: "channels_last" };

const initializer = (dialect: Dialect, className: string): JsonObject =>
  dialect.object(
    "keras.initializers",
    className,
    className === "GlorotUniform" ? { seed: null } : {},
  );

/** Kernel and bias, of convolutions and dense layers. */
const KERNEL: Defaults = (dialect) => ({
  kernel_initializer: initializer(dialect, "GlorotUniform"),
  bias_initializer: initializer(dialect, "Zeros"),
  kernel_regularizer: null,
  bias_regularizer: null,
  kernel_constraint: null,
  bias_constraint: null,
});

const NORMALISATION: Defaults = (dialect) => ({
  beta_initializer: initializer(dialect, "Zeros"),
  gamma_initializer: initializer(dialect, "Ones"),
  moving_mean_initializer: initializer(dialect, "Zeros"),
  moving_variance_initializer: initializer(dialect, "Ones"),
  beta_regularizer: null,
  gamma_regularizer: null,
  beta_constraint: null,
  gamma_constraint: null,
});

/** By class: what our layers leave as Keras has it. */
const DEFAULTS: ReadonlyMap<string, Defaults> = new Map<string, Defaults>([
  [
    "Conv2D",
    (dialect) => ({
      ...CHANNELS_LAST,
      ...{ dilation_rate: [1, 1], groups: 1, activity_regularizer: null },
      ...KERNEL(dialect),
    }),
  ],
  ["Dense", KERNEL],
  ["BatchNormalization", NORMALISATION],
  ["MaxPooling2D", () => CHANNELS_LAST],
  ["AveragePooling2D", () => CHANNELS_LAST],
  ["GlobalAveragePooling2D", () => ({ ...CHANNELS_LAST, keepdims: false })],
  ["GlobalMaxPooling2D", () => ({ ...CHANNELS_LAST, keepdims: false })],
  ["ZeroPadding2D", () => CHANNELS_LAST],
  ["Flatten", () => CHANNELS_LAST],
  ["Dropout", () => ({ seed: null, noise_shape: null })],
  ["Activation", () => ({})],
  ["Add", () => ({})],
]);

/** Everything but an InputLayer's. Throws VitrineError for a class that Keras's files are not known to hold. */
export function layerConfig(layer: ExportedLayer, dialect: Dialect): JsonObject {
  const { name, className, trainable } = layer;
  const defaults = DEFAULTS.get(className);
  if (!defaults) {
    throw new VitrineError(
      `layer ${name}: must be one that Keras files can hold, got ${className}`,
    );
  }
  return {
    ...{ name, trainable, dtype: "float32" },
    ...defaults(dialect),
    ...ownConfig(layer, dialect),
    ...dialect.extras(layer),
  };
}

/** The record's own fields; an object in them, such as a regulariser, in the dialect's spelling. */
function ownConfig({ config }: ExportedLayer, dialect: Dialect): JsonObject {
  const spelled = Object.entries(config).map(([key, value]) => {
    const object = classOf(value);
    return [key, object ? dialect.object("keras.regularizers", ...object) : value] as const;
  });
  return Object.fromEntries(spelled);
}

/** The class and the config of `{ class_name, config }`, as records have a regulariser. */
function classOf(value: ConfigValue): readonly [string, JsonObject] | null {
  if (typeof value !== "object" || value === null || !("class_name" in value)) return null;
  const { class_name: className, config } = value as { class_name: string; config: JsonObject };
  return [className, config];
}
