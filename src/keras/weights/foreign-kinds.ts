// Files that hold models, but not as Keras's .keras and .h5: recognised by their names or by how they begin, and refused with the two
// lines of Python that make one of the others of them.

import { FormatError } from "../../engine/core/errors.ts";

export interface Foreign {
  readonly kind: string;
  /** Of Python, one after the other; a sentence where no lines convert it. */
  readonly lines: readonly string[] | string;
}

export const SAVED_MODEL: Foreign = {
  kind: "a SavedModel of TensorFlow",
  lines: ['model = tf.keras.models.load_model("FOLDER")', 'model.save("model.h5")'],
};
export const CHECKPOINT: Foreign = {
  kind: "a checkpoint of TensorFlow",
  lines: ['model.load_weights("CHECKPOINT").expect_partial()', 'model.save("model.h5")'],
};
export const TENSORFLOW_JS: Foreign = {
  kind: "a model of TensorFlow.js",
  lines: [
    'model = tensorflowjs.converters.load_keras_model("model.json")',
    'model.save("model.h5")',
  ],
};
const ARCHITECTURE: Foreign = {
  kind: "the description of a model, without weights",
  lines: [
    'model = keras.models.model_from_json(open("FILE").read())',
    'model.load_weights("WEIGHTS"); model.save("model.keras")',
  ],
};
const SHARDS: Foreign = {
  kind: "weights of Keras in several files",
  lines: ['model.load_weights("NAME.weights.json")', 'model.save("model.keras")'],
};
const LITE: Foreign = {
  kind: "a model of TensorFlow Lite",
  lines: [
    "model = build_model()  # it was converted from one of Keras",
    'model.save("model.keras")',
  ],
};

const GRAPH: Foreign = {
  kind: "a graph of TensorFlow",
  lines: 'save the model that it was made from by model.save("model.keras"): a graph has no layers',
};
const ONNX: Foreign = {
  kind: "a model of ONNX",
  lines:
    'save the model that it was made from by model.save("model.keras"): ONNX has no layers of Keras',
};
const TORCH: Foreign = {
  kind: "a model of PyTorch",
  lines: 'build it of Keras\'s layers, give those its weights, and model.save("model.keras")',
};
const BY_ENDING: readonly (readonly [RegExp, Foreign])[] = [
  [/\.pb(txt)?$/i, GRAPH],
  [/\.onnx$/i, ONNX],
  [/\.pth?$/i, TORCH],
  [/\.tflite$/i, LITE],
];

/** Where those of TensorFlow Lite say what they are. */
const LITE_OFFSET = 4;
/** The keys that tell one JSON from another stand among the first, also in a pretty print. */
export const HEAD_BYTES = 2 ** 16;

export function foreignError(path: string, { kind, lines }: Foreign): FormatError {
  const rule = "must be a file of Keras, .keras or .h5";
  return new FormatError(`${path}: ${rule}, got ${kind}`, {
    help: typeof lines === "string" ? lines : `in Python: ${lines.join("; ")}`,
  });
}

export function isCheckpoint(name: string): boolean {
  return /\.(index|data-\d{5}-of-\d{5})$/.test(name);
}

/** Of a file, by its name without folders; null for one that says nothing. */
export function kindOfName(name: string): Foreign | null {
  if (/^(saved_model|keras_metadata)\.pb(txt)?$/.test(name)) return SAVED_MODEL;
  if (isCheckpoint(name)) return CHECKPOINT;
  return BY_ENDING.find(([ending]) => ending.test(name))?.[1] ?? null;
}

/** By the first `HEAD_BYTES` of a file, or what there is of them. */
export function kindOfHead(bytes: Uint8Array): Foreign | null {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, HEAD_BYTES));
  if (head.slice(LITE_OFFSET).startsWith("TFL3")) return LITE;
  if (!/^\s*\{/.test(head)) return null;
  if (/"(modelTopology|weightsManifest)"/.test(head)) return TENSORFLOW_JS;
  if (/"weight_map"/.test(head)) return SHARDS;
  return /"class_name"/.test(head) ? ARCHITECTURE : null;
}
