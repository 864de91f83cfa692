// What a file of Keras weights is to its readers, whatever its format: layers, and weights that are read when asked for.
// The formats are told apart in weight-file.ts.

import type { Shape } from "../../engine/core/shape.ts";
import type { JsonRecord } from "../../models/architecture/json-record.ts";

/** How each format is called in what people read. */
export const FORMAT_NAMES = {
  "legacy-weights": "weights of Keras 1, 2 or 3 (save_weights to .h5)",
  "legacy-model": "model of Keras 1, 2 or 3 (save to .h5)",
  "keras3-weights": "weights of Keras 3 (.weights.h5)",
  "keras3-archive": "model of Keras 3 (.keras)",
} as const;

export type WeightFormat = keyof typeof FORMAT_NAMES;

export interface SavedWeight {
  /** Within the HDF5 file. */
  readonly path: string;
  /** As stored: `conv1/kernel:0`; a number in Keras 3's own formats. */
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: string;
  /** As float32, a new array each time. Throws FormatError for damaged data and for types that are no floats. */
  read(): Float32Array<ArrayBuffer>;
}

export interface SavedLayer {
  readonly name: string;
  /** Whether the file tells the layer's name; else `name` is its class and number, and says nothing about the layer's. */
  readonly isNamed: boolean;
  /** Group within the HDF5 file. */
  readonly path: string;
  /** Empty for most layers without weights; Keras 3's own formats may not list those at all. */
  readonly weights: readonly SavedWeight[];
}

/** How the model was compiled, in the file's own words. */
export interface SavedCompilation {
  /** `compile_config`, `training_config`. */
  readonly config: JsonRecord;
  /** The optimiser's variables in order, the count of steps first; none where it has none. Throws FormatError for damage. */
  variables(): readonly SavedWeight[];
  /** Reads that count. Throws FormatError where it is none. */
  steps(): number;
}

export interface WeightFile {
  readonly path: string;
  readonly format: WeightFormat;
  /** Null before Keras 2, and where the format does not say. */
  readonly kerasVersion: string | null;
  /** In the model's order where the file tells it. */
  readonly layers: readonly SavedLayer[];
  /** `{ class_name, config, … }`, where the file holds a whole model. */
  readonly modelConfig: unknown;
  /** Null where the model was not compiled, and in a file of weights. Throws FormatError for damage. */
  compilation(): SavedCompilation | null;
  close(): Promise<void>;
}
