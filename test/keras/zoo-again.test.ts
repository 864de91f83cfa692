// Networks of real Keras, read, written and read again: every bit of their weights. (That all of them are described again as
// they were is in zoo.test.ts.) What Keras itself makes of those files is told in docs/keras-round-trip.md.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sizeOf } from "../../src/engine/core/shape.ts";
import { augmentation } from "../../src/engine/layers/augmentation.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { type Model, sequential, variablesOf } from "../../src/engine/layers/model.ts";
import { globalAveragePooling2d } from "../../src/engine/layers/pooling.ts";
import { normalization } from "../../src/engine/layers/scaling.ts";
import type { Weights } from "../../src/engine/layers/variables.ts";
import { trainingConfig } from "../../src/keras/compiled/write-compiled.ts";
import { readKerasModel } from "../../src/keras/read-model.ts";
import {
  type WriteOptions,
  writeKeras2Model,
  writeKerasArchive,
} from "../../src/keras/write-model.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { keras2Config } from "../../src/models/architecture/keras2.ts";
import { zooNetworks } from "./zoo-cases.ts";

const test = suite("files of real Keras, written again");

let folder = "";
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-again-"));
});
test.after(() => rmSync(folder, { recursive: true }));

type Write = (path: string, model: Model, weights: Weights) => Promise<void>;
const archive =
  (options: WriteOptions): Write =>
  (path, model, weights) =>
    writeKerasArchive(path, exportedModel(model), weights, options);
const keras3 = archive({ generation: 3 });
const keras2 = archive({ generation: 2 });
const hdf5: Write = (path, model, weights) => writeKeras2Model(path, exportedModel(model), weights);

/** Opening a file takes a thread, so each network goes one way; those that Keras counts or names in a way of its own. */
const WAYS: Readonly<Record<string, readonly [ending: string, write: Write]>> = {
  nested_swapped_names: [".keras", keras3],
  nested_functional: [".keras", keras2],
  batch_norm_dropout: [".h5", hdf5],
  slashes: [".h5", hdf5],
};

for (const { path, record } of zooNetworks().filter((network) => network.record.case in WAYS)) {
  test(`${record.case}: every weight comes back, bit for bit`, async () => {
    const [ending, write] = WAYS[record.case] ?? ["", hdf5];
    const { model, weights } = await readKerasModel(path);
    const target = join(folder, `x${ending}`);
    await write(target, model, weights);
    const again = await readKerasModel(target);
    assert.equal(again.weights, weights);
    assert.is(again.weights.size > 0, true);
  });
}

test("Keras 3 makes no layer with a slash in its name", async () => {
  const slashed = sequential("m", [2], [dense({ units: 1, name: "a/b" })]);
  const weights = new Map([...variablesOf(slashed)].map(({ name }) => [name, new Float32Array(2)]));
  const result = await keras3(join(folder, "y.keras"), slashed, weights).then(
    () => "written",
    String,
  );
  assert.match(result, /layer a\/b: must have a name without \/ for Keras 3$/);
});

test("TF-Keras makes no layer whose name is no scope of TensorFlow's, nor a model", async () => {
  const written = async (model: string, layer: string) => {
    const named = sequential(model, [2], [dense({ units: 1, name: layer })]);
    const weights = new Map(
      [...variablesOf(named)].map(({ name, tensor }) => [
        name,
        new Float32Array(sizeOf(tensor.shape)),
      ]),
    );
    return keras2(join(folder, "z.keras"), named, weights).then(() => "written", String);
  };
  assert.is(await written("m", "a-b/c.d>e_"), "written");
  for (const name of ["größe", "a b", "_a", "a\\b"]) {
    assert.match(await written("m", name), `layer ${name}: must have a name of A-Z`);
  }
  assert.match(await written("α", "a"), "model α: must have a name of A-Z");
});

test("TF-Keras knows no range of contrast but that of bytes", () => {
  const contrast = (range: readonly number[]) =>
    exportedModel(
      sequential(
        "m",
        [2, 2, 1],
        [
          augmentation({
            ...{ className: "RandomContrast", name: "contrast" },
            settings: { factor: 0.2, value_range: range },
          }),
        ],
      ),
    );
  assert.not.match(JSON.stringify(keras2Config(contrast([0, 255]))), "value_range");
  assert.throws(
    () => keras2Config(contrast([0, 1])),
    /layer contrast: value_range must be \[0,255\] for TF-Keras, got \[0,1\]$/,
  );
});

test("an .h5 says nothing that TF-Keras 1.15 and 2.8 do not know, and what 1.15 asks for", () => {
  const model = sequential(
    "m",
    [4, 4, 1],
    [
      normalization({ mean: 0, variance: 1 }),
      conv2d({ filters: 1, kernelSize: 2, kernelRegularizerL2: 0.5 }),
      augmentation({ className: "GaussianNoise", settings: { stddev: 0.1, seed: null } }),
      globalAveragePooling2d(),
    ],
  );
  const text = JSON.stringify(keras2Config(exportedModel(model)));
  assert.not.match(text, /"(keepdims|invert|groups)"|"stddev":0.1,"seed"/);
  assert.match(text, '"class_name":"L1L2","config":{"l1":0,"l2":0.5}');
  const compiled = { optimizer: "adam", settings: {}, learningRate: 0.1, state: null } as const;
  const training = trainingConfig({ ...compiled, loss: "mse", metrics: [] }, "both");
  assert.is(training?.["sample_weight_mode"], null);
});

test.run();
