// Files and folders that hold models, but not as Keras's .keras and .h5: recognised by what is in them, and refused with the
// two lines of Python that make one of the others of them.

import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { FormatError } from "../../engine/core/errors.ts";

interface Foreign {
  readonly kind: string;
  /** Of Python, one after the other; a sentence where no lines convert it. */
  readonly lines: readonly string[] | string;
}

const SAVED_MODEL: Foreign = {
  kind: "a SavedModel of TensorFlow",
  lines: ['model = tf.keras.models.load_model("FOLDER")', 'model.save("model.h5")'],
};
const CHECKPOINT: Foreign = {
  kind: "a checkpoint of TensorFlow",
  lines: ['model.load_weights("CHECKPOINT").expect_partial()', 'model.save("model.h5")'],
};
const TENSORFLOW_JS: Foreign = {
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
const HEAD_BYTES = 2 ** 16;

/** Throws FormatError for what is recognised; anything else is left to those who read Keras's own files. */
export function refuseForeign(path: string): void {
  const found = recognise(path);
  if (!found) return;
  const rule = "must be a file of Keras, .keras or .h5";
  const { kind, lines } = found;
  throw new FormatError(`${path}: ${rule}, got ${kind}`, {
    help: typeof lines === "string" ? lines : `in Python: ${lines.join("; ")}`,
  });
}

/** Whether `refuseForeign` would throw. A saved run is none, whatever else its folder holds. */
export function isForeign(path: string): boolean {
  return recognise(path) !== null && !existsSync(join(path, "config.json"));
}

function recognise(path: string): Foreign | null {
  const found = statSync(path, { throwIfNoEntry: false });
  // A checkpoint is called by what its files' names have in common.
  if (!found) return existsSync(`${path}.index`) ? CHECKPOINT : null;
  if (found.isDirectory()) return ofFolder(readdirSync(path));
  return found.isFile() ? (ofName(path) ?? ofHead(path)) : null;
}

function ofFolder(names: readonly string[]): Foreign | null {
  if (names.some((name) => /^saved_model\.pb(txt)?$/.test(name))) return SAVED_MODEL;
  if (names.includes("model.json")) return TENSORFLOW_JS;
  if (names.includes("checkpoint") || names.some(isCheckpoint)) return CHECKPOINT;
  return null;
}

function isCheckpoint(name: string): boolean {
  return /\.(index|data-\d{5}-of-\d{5})$/.test(name);
}

function ofName(path: string): Foreign | null {
  const name = basename(path);
  if (/^(saved_model|keras_metadata)\.pb(txt)?$/.test(name)) return SAVED_MODEL;
  if (isCheckpoint(name)) return CHECKPOINT;
  const isPart = name.endsWith(".bin") && existsSync(join(dirname(path), "model.json"));
  if (isPart) return TENSORFLOW_JS;
  return BY_ENDING.find(([ending]) => ending.test(name))?.[1] ?? null;
}

function ofHead(path: string): Foreign | null {
  const head = headOf(path);
  if (head.slice(LITE_OFFSET).startsWith("TFL3")) return LITE;
  if (!/^\s*\{/.test(head)) return null;
  if (/"(modelTopology|weightsManifest)"/.test(head)) return TENSORFLOW_JS;
  if (/"weight_map"/.test(head)) return SHARDS;
  return /"class_name"/.test(head) ? ARCHITECTURE : null;
}

function headOf(path: string): string {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const length = readSync(file, head, 0, head.length, 0);
    return head.toString("latin1", 0, length);
  } finally {
    closeSync(file);
  }
}
