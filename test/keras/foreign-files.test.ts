// What holds models, but is no file of Keras's that is read here: told by its name, with the way out.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { describeModelFile, isModelFile } from "../../src/cli/inputs/model-file.ts";
import { FormatError } from "../../src/engine/core/errors.ts";
import { openWeightFile } from "../../src/keras/weights/weight-file.ts";
import { temporaryFolder } from "../data/sample-files.ts";

const test = suite("foreign files");

async function refusal(path: string): Promise<FormatError> {
  try {
    const file = await openWeightFile(path);
    await file.close();
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
  throw new Error(`${path}: was accepted`);
}

const TOPOLOGY = '{"format": "layers-model", "modelTopology": {"class_name": "Model"}}';
const LITE = Buffer.from("\x1c\0\0\0TFL3\x14\0", "latin1");

/** Files to write, then by path what it is told to be, and a part of the way out. */
const CASES: readonly {
  readonly files: Readonly<Record<string, string | Buffer>>;
  readonly paths: readonly string[];
  readonly kind: string;
  readonly help: string;
}[] = [
  {
    files: { "saved/saved_model.pb": "x", "saved/variables/variables.index": "x" },
    paths: ["saved", "saved/saved_model.pb"],
    kind: "a SavedModel of TensorFlow",
    help: 'in Python: model = tf.keras.models.load_model("FOLDER"); model.save("model.h5")',
  },
  {
    files: {
      "run/checkpoint": "x",
      "run/ckpt-1.index": "x",
      "run/ckpt-1.data-00000-of-00001": "x",
    },
    paths: ["run", "run/ckpt-1", "run/ckpt-1.index", "run/ckpt-1.data-00000-of-00001"],
    kind: "a checkpoint of TensorFlow",
    help: "load_weights",
  },
  {
    files: { "web/model.json": TOPOLOGY, "web/group1-shard1of1.bin": "x", "other.json": TOPOLOGY },
    paths: ["web", "web/model.json", "web/group1-shard1of1.bin", "other.json"],
    kind: "a model of TensorFlow.js",
    help: 'tensorflowjs.converters.load_keras_model("model.json")',
  },
  {
    files: { "config.json": '{"class_name": "Sequential", "config": {}}' },
    paths: ["config.json"],
    kind: "the description of a model, without weights",
    help: "model_from_json",
  },
  {
    files: { "model.weights.json": '{"metadata": {}, "weight_map": {}}' },
    paths: ["model.weights.json"],
    kind: "weights of Keras in several files",
    help: "weights.json",
  },
  {
    files: { "model.tflite": LITE },
    paths: ["model.tflite"],
    kind: "a model of TensorFlow Lite",
    help: "model.save",
  },
  {
    files: { "frozen.pb": "x" },
    paths: ["frozen.pb"],
    kind: "a graph of TensorFlow",
    help: "model.save",
  },
  { files: { "net.onnx": "x" }, paths: ["net.onnx"], kind: "a model of ONNX", help: "model.save" },
  {
    files: { "net.pt": "PK", "net.pth": "x" },
    paths: ["net.pt", "net.pth"],
    kind: "a model of PyTorch",
    help: "model.save",
  },
];

for (const { files, paths, kind, help } of CASES) {
  test(kind, async () => {
    const folder = temporaryFolder();
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    for (const path of paths.map((name) => join(folder, name))) {
      const error = await refusal(path);
      assert.is(error.message, `${path}: must be a file of Keras, .keras or .h5, got ${kind}`);
      assert.ok(isModelFile(path), path);
      await assertThrown(describeModelFile(path, {}), error.message);
      assert.ok(error.help?.includes(help), error.help);
    }
  });
}

async function assertThrown(promise: Promise<unknown>, expected: string): Promise<void> {
  const message = await promise.then(
    () => "was accepted",
    (error: Error) => error.message,
  );
  assert.is(message, expected);
}

test("a saved run is none of them, whatever lies beside it", () => {
  const folder = temporaryFolder();
  for (const name of ["config.json", "checkpoint"]) writeFileSync(join(folder, name), "{}");
  assert.is(isModelFile(folder), false);
  assert.is(isModelFile("lenet5"), false);
});

test("what is not recognised is told by those who read Keras's files", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "notes.json");
  writeFileSync(path, '{"notes": []}');
  assert.match((await refusal(path)).message, /HDF5/);
});

test.run();
