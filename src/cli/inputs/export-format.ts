// The files that `npm run export` can write, told by their endings, and how each is loaded elsewhere.

import { UsageError, VitrineError } from "../../engine/core/errors.ts";
import type { Weights } from "../../engine/layers/variables.ts";
import { writeSafetensors } from "../../io/safetensors.ts";
import type { ExportedModel } from "../../keras/exported-model.ts";
import { writeKeras2Weights, writeKeras3Weights } from "../../keras/weights/write-weights-h5.ts";
import { writeKeras2Model, writeKerasArchive } from "../../keras/write-model.ts";

export interface ExportFormat {
  /** `a Keras 3 model`. */
  readonly what: string;
  /** Whether the file says what the layers are, not only their weights. */
  readonly hasArchitecture: boolean;
  /** Python that loads it. */
  readonly load: (file: string) => string;
  write(path: string, model: ExportedModel, weights: Weights): Promise<unknown>;
}

const FORMATS = {
  keras3Weights: {
    what: "weights as Keras 3 saves them",
    hasArchitecture: false,
    load: (file) => `model.load_weights(${file})`,
    write: writeKeras3Weights,
  },
  keras2Weights: {
    what: "weights as Keras 2 saves them",
    hasArchitecture: false,
    load: (file) => `model.load_weights(${file})`,
    write: writeKeras2Weights,
  },
  keras2Model: {
    what: "a whole model as Keras 2 saves it in HDF5; Keras 3 loads it too",
    hasArchitecture: true,
    load: (file) => `keras.models.load_model(${file})`,
    write: writeKeras2Model,
  },
  keras3Model: {
    what: "a whole model as Keras 3 saves it",
    hasArchitecture: true,
    load: (file) => `keras.models.load_model(${file})`,
    write: writeKerasArchive,
  },
  safetensors: {
    what: "weights as safetensors, named layer/variable",
    hasArchitecture: false,
    load: (file) => `safetensors.numpy.load_file(${file})`,
    write: writeTensors,
  },
} as const satisfies Readonly<Record<string, ExportFormat>>;

/** By the ending of `path`; `legacy` asks for Keras 2's weights instead of its whole model. Throws UsageError. */
export function exportFormat(path: string, legacy: boolean): ExportFormat {
  const name = path.toLowerCase();
  const isKeras3Weights = name.endsWith(".weights.h5");
  if (legacy && (isKeras3Weights || !name.endsWith(".h5"))) {
    throw new UsageError(
      `--legacy: needs a file that ends in .h5, not in .weights.h5, got ${path}`,
      {
        help: "Keras 3 takes every .weights.h5 for its own layout",
      },
    );
  }
  if (isKeras3Weights) return FORMATS.keras3Weights;
  if (name.endsWith(".h5")) return legacy ? FORMATS.keras2Weights : FORMATS.keras2Model;
  if (name.endsWith(".keras")) return FORMATS.keras3Model;
  if (name.endsWith(".safetensors")) return FORMATS.safetensors;
  throw new UsageError(`--to: must end in .keras, .h5, .weights.h5 or .safetensors, got ${path}`, {
    help: ".keras holds the whole model and is what Keras 3 prefers",
  });
}

async function writeTensors(path: string, model: ExportedModel, weights: Weights): Promise<string> {
  const tensors = model.layers.flatMap((layer) =>
    layer.weights.map(({ name, shape }) => {
      const data = weights.get(name);
      if (!data) throw new VitrineError(`${path}: weights must be complete, got none for ${name}`);
      return { name, dtype: "F32", shape, data } as const;
    }),
  );
  return writeSafetensors(path, tensors, { model: model.name });
}
