// The files that `npm run export` can write, told by their endings, and how each is loaded elsewhere.

import { UsageError, VitrineError } from "../../engine/core/errors.ts";
import type { Weights } from "../../engine/layers/variables.ts";
import { writeSafetensors } from "../../io/safetensors.ts";
import type { CompiledForExport } from "../../keras/compiled/compiled.ts";
import { NADAM_IN_TF_KERAS } from "../../keras/compiled/nadam-kinds.ts";
import { carriesState } from "../../keras/compiled/optimizer-entries.ts";
import { trainingConfig } from "../../keras/compiled/write-compiled.ts";
import { writeKeras2Weights, writeKeras3Weights } from "../../keras/weights/write-weights-h5.ts";
import { type WriteOptions, writeKeras2Model, writeKerasArchive } from "../../keras/write-model.ts";
import type { ExportedModel } from "../../models/architecture/exported-model.ts";

export interface ExportFormat {
  /** `a Keras 3 model`. */
  readonly what: string;
  /** Whether the file says what the layers are, not only their weights. */
  readonly hasArchitecture: boolean;
  /** Python that loads it. */
  readonly load: (file: string) => string;
  /** Of which it says that the model was compiled so, and what the optimiser came to. */
  readonly compiles: (compiled: CompiledForExport) => Carried;
  /** In what a training that goes on from it differs, where that is known; a line each. */
  readonly cautions?: (compiled: CompiledForExport) => readonly string[];
  write(
    path: string,
    model: ExportedModel,
    weights: Weights,
    options?: WriteOptions,
  ): Promise<unknown>;
}

/** `nothing` at all, the `settings` alone, or the optimiser's `state` too. */
export type Carried = "nothing" | "settings" | "state";

export interface FormatOptions {
  /** Keras 2's weights instead of its whole model. */
  readonly legacy: boolean;
  /** Which Keras it is for. */
  readonly keras: "2" | "3" | undefined;
}

const FORMATS = {
  keras3Weights: {
    what: "weights as Keras 3 saves them",
    hasArchitecture: false,
    compiles: () => "nothing",
    load: (file) => `model.load_weights(${file})`,
    write: writeKeras3Weights,
  },
  keras2Weights: {
    what: "weights as Keras 2 saves them",
    hasArchitecture: false,
    compiles: () => "nothing",
    load: (file) => `model.load_weights(${file})`,
    write: writeKeras2Weights,
  },
  keras2Model: {
    what: "a whole model as Keras 2 saves it in HDF5; Keras 3 loads it too",
    hasArchitecture: true,
    compiles: (compiled) => (trainingConfig(compiled, "both") ? "settings" : "nothing"),
    load: (file) => `keras.models.load_model(${file})`,
    cautions: inTfKeras,
    write: writeKeras2Model,
  },
  keras2OnlyModel: {
    what: "a whole model as Keras 2 saves it in HDF5",
    hasArchitecture: true,
    compiles: (compiled) => carried(compiled, 2),
    cautions: inTfKeras,
    load: (file) => `keras.models.load_model(${file})`,
    write: (path, model, weights, options) =>
      writeKeras2Model(path, model, weights, { ...options, generation: 2 }),
  },
  keras3Model: {
    what: "a whole model as Keras 3 saves it",
    hasArchitecture: true,
    compiles: (compiled) => carried(compiled, 3),
    load: (file) => `keras.models.load_model(${file})`,
    write: writeKerasArchive,
  },
  keras2Archive: {
    what: "a whole model as TF-Keras saves it",
    hasArchitecture: true,
    compiles: (compiled) => carried(compiled, 2),
    cautions: inTfKeras,
    load: (file) => `tf.keras.models.load_model(${file})`,
    write: (path, model, weights, options) =>
      writeKerasArchive(path, model, weights, { ...options, generation: 2 }),
  },
  safetensors: {
    what: "weights as safetensors, named layer/variable",
    hasArchitecture: false,
    compiles: () => "nothing",
    load: (file) => `safetensors.numpy.load_file(${file})`,
    write: writeTensors,
  },
} as const satisfies Readonly<Record<string, ExportFormat>>;

/** By the ending of `path`. Throws UsageError for what does not go together. */
export function exportFormat(path: string, { legacy, keras }: FormatOptions): ExportFormat {
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
  if (keras === "3" && name.endsWith(".h5") && !isKeras3Weights) {
    throw new UsageError(`--keras: an .h5 is Keras 2's, which 3 reads too, got 3 for ${path}`, {
      help: "leave it out, or write .keras",
    });
  }
  const isFor2 = keras === "2";
  if (isFor2 && (isKeras3Weights || name.endsWith(".safetensors"))) {
    throw new UsageError(`--keras: 2 is for .keras and .h5, got ${path}`, {
      help: "--legacy writes Keras 2's weights alone, into .h5",
    });
  }
  if (isKeras3Weights) return FORMATS.keras3Weights;
  if (name.endsWith(".h5") && legacy) return FORMATS.keras2Weights;
  if (name.endsWith(".h5")) return isFor2 ? FORMATS.keras2OnlyModel : FORMATS.keras2Model;
  if (name.endsWith(".keras")) return isFor2 ? FORMATS.keras2Archive : FORMATS.keras3Model;
  if (name.endsWith(".safetensors")) return FORMATS.safetensors;
  throw new UsageError(`--to: must end in .keras, .h5, .weights.h5 or .safetensors, got ${path}`, {
    help: ".keras holds the whole model and is what Keras 3 prefers",
  });
}

function carried({ optimizer, state }: CompiledForExport, generation: 2 | 3): Carried {
  return state && carriesState(optimizer, generation) ? "state" : "settings";
}

function inTfKeras({ optimizer }: CompiledForExport): readonly string[] {
  return optimizer === "nadam" ? [NADAM_IN_TF_KERAS] : [];
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
