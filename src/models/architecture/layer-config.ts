// What Keras's `get_config` says of a layer: what the layer's record knows, completed by the settings that our layers
// fix. The two dialects of it, Keras 2's and Keras 3's, spell objects and a few fields differently.

import { VitrineError } from "../../engine/core/errors.ts";
import { AUGMENTATIONS } from "../../engine/layers/augmentation.ts";
import { MERGINGS } from "../../engine/layers/merging.ts";
import type { ConfigValue } from "../../engine/program/layer-record.ts";
import type { JsonValue } from "../../io/files.ts";
import type { ExportedLayer } from "./exported-model.ts";

export type JsonObject = { readonly [key: string]: JsonValue };

/** How one of the two generations of Keras writes what both mean. */
export interface Dialect {
  readonly isKeras3: boolean;
  /** What it calls a field of a layer's record. */
  fieldName(className: string, field: string): string;
  /** An initialiser, a regulariser: `keras.initializers`, `Zeros`, its own config. */
  object(module: string, className: string, config: JsonObject): JsonObject;
  /** Fields that only this dialect has, or that it writes its own way. */
  extras(layer: ExportedLayer): JsonObject;
}

const BYTES = "[0,255]";

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

/** The same of kernels that are called otherwise. */
function fixed(dialect: Dialect, ...weights: readonly string[]): JsonObject {
  const settings = weights.flatMap((weight) => [
    [`${weight}_initializer`, initializer(dialect, weight === "bias" ? "Zeros" : "GlorotUniform")],
    [`${weight}_regularizer`, null],
    [`${weight}_constraint`, null],
  ]);
  return { activity_regularizer: null, ...Object.fromEntries(settings) };
}

/** Before 2.6, Keras does not know `keepdims`. */
function globalPooling({ isKeras3 }: Dialect): JsonObject {
  return isKeras3 ? { ...CHANNELS_LAST, keepdims: false } : CHANNELS_LAST;
}

/** Gamma and beta. */
function fixedLine(dialect: Dialect): JsonObject {
  const {
    moving_mean_initializer: _,
    moving_variance_initializer: __,
    ...line
  } = NORMALISATION(dialect);
  return line;
}

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
      ...{ dilation_rate: [1, 1], activity_regularizer: null },
      // Unknown before TensorFlow 2.3, whose Keras refuses it.
      ...(dialect.isKeras3 ? { groups: 1 } : {}),
      ...KERNEL(dialect),
    }),
  ],
  ["DepthwiseConv2D", (dialect) => ({ ...CHANNELS_LAST, ...fixed(dialect, "depthwise", "bias") })],
  [
    "SeparableConv2D",
    (dialect) => ({ ...CHANNELS_LAST, ...fixed(dialect, "depthwise", "pointwise", "bias") }),
  ],
  [
    "Conv2DTranspose",
    (dialect) => ({
      ...CHANNELS_LAST,
      ...{ dilation_rate: [1, 1], output_padding: null, activity_regularizer: null },
      ...KERNEL(dialect),
    }),
  ],
  ["Dense", KERNEL],
  ["BatchNormalization", NORMALISATION],
  ["LayerNormalization", (dialect) => fixedLine(dialect)],
  ["GroupNormalization", (dialect) => fixedLine(dialect)],
  ["MaxPooling2D", () => CHANNELS_LAST],
  ["AveragePooling2D", () => CHANNELS_LAST],
  ["GlobalAveragePooling2D", (dialect) => globalPooling(dialect)],
  ["GlobalMaxPooling2D", (dialect) => globalPooling(dialect)],
  ["ZeroPadding2D", () => CHANNELS_LAST],
  ["Flatten", () => CHANNELS_LAST],
  ["Dropout", () => ({ seed: null, noise_shape: null })],
  ["Activation", () => ({})],
  ["Rescaling", () => ({})],
  ["Normalization", () => ({})],
  ["Reshape", () => ({})],
  ["Permute", () => ({})],
  ["CenterCrop", () => ({})],
  ["Resizing", () => ({})],
  ["Cropping2D", () => CHANNELS_LAST],
  ["UpSampling2D", () => CHANNELS_LAST],
  ...AUGMENTATIONS.map((className) => [className, () => ({})] as const),
  ["ReLU", () => ({})],
  ["LeakyReLU", () => ({})],
  ["ELU", () => ({})],
  ["Softmax", () => ({})],
  [
    "PReLU",
    (dialect) => ({
      alpha_initializer: initializer(dialect, "Zeros"),
      ...{ alpha_regularizer: null, alpha_constraint: null },
    }),
  ],
  ...MERGINGS.map((className) => [className, () => ({})] as const),
  ["Concatenate", () => ({})],
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
  refuseDebatable(layer, dialect);
  refuseRange(layer, dialect);
  // Keras's class takes no `trainable`.
  const common = className === "SpatialDropout2D" ? { name } : { name, trainable };
  return {
    ...{ ...common, dtype: "float32" },
    ...defaults(dialect),
    ...ownConfig(layer, dialect),
    ...dialect.extras(layer),
  };
}

/** Keras 2 and 3 read `hard_sigmoid` differently, and an H5 file does not say which of them it is for. */
function refuseDebatable({ name, config }: ExportedLayer, { isKeras3 }: Dialect): void {
  const used = config["activation"];
  if (used === "hard_sigmoid_keras2" || (used === "hard_sigmoid" && !isKeras3)) {
    throw new VitrineError(`layer ${name}: Keras 2 and 3 differ on its activation, got ${used}`, {
      help: "a model with Keras 3's hard_sigmoid can be written as .keras",
    });
  }
}

/** TF-Keras's RandomContrast knows no range but that of bytes. */
function refuseRange({ name, className, config }: ExportedLayer, { isKeras3 }: Dialect): void {
  const range = config["value_range"];
  if (isKeras3 || className !== "RandomContrast" || range === undefined) return;
  if (JSON.stringify(range) === BYTES) return;
  throw new VitrineError(
    `layer ${name}: value_range must be [0,255] for TF-Keras, got ${JSON.stringify(range)}`,
  );
}

/** The record's own fields; an object in them, such as a regulariser, in the dialect's spelling. */
function ownConfig({ className, config }: ExportedLayer, dialect: Dialect): JsonObject {
  const said = Object.entries(config).filter(
    ([field, value]) => !isUnsaid(className, [field, value], dialect),
  );
  const spelled = said.map(([field, value]) => {
    const key = dialect.fieldName(className, field);
    const object = classOf(value);
    if (!object) return [key, value] as const;
    const spell = field === "activation" ? layerObject : regularizer;
    return [key, spell(dialect, object)] as const;
  });
  return Object.fromEntries(spelled);
}

/** What is meant anyhow, and what older versions refuse because their classes do not know it. */
function isUnsaid(
  className: string,
  [field, value]: readonly [string, ConfigValue],
  { isKeras3 }: Dialect,
): boolean {
  if (field === "data_format") return className.startsWith("Random");
  if (field === "value_range") {
    return className === "RandomContrast" && JSON.stringify(value) === BYTES;
  }
  if (isKeras3) return false;
  return (
    (field === "groups" && value === 1) ||
    (field === "seed" && value === null) ||
    (field === "invert" && value === false)
  );
}

/** TF-Keras 1 has a class for both factors alone. */
function regularizer(
  dialect: Dialect,
  [className, config]: readonly [string, JsonObject],
): JsonObject {
  if (dialect.isKeras3) return dialect.object("keras.regularizers", className, config);
  return dialect.object("keras.regularizers", "L1L2", { l1: 0, l2: 0, ...config });
}

/** A layer that is the activation of another: by its module in both dialects, or Keras 3 does not find it in an H5 file. */
function layerObject(
  dialect: Dialect,
  [className, config]: readonly [string, JsonObject],
): JsonObject {
  const spelled = Object.entries(config).map(([field, value]) => [
    dialect.fieldName(className, field),
    value,
  ]);
  return {
    ...{ module: "keras.layers", class_name: className },
    ...{ config: Object.fromEntries(spelled), registered_name: null },
  };
}

/** The class and the config of `{ class_name, config }`, as records have a regulariser. */
function classOf(value: ConfigValue): readonly [string, JsonObject] | null {
  if (typeof value !== "object" || value === null || !("class_name" in value)) return null;
  const { class_name: className, config } = value as { class_name: string; config: JsonObject };
  return [className, config];
}
