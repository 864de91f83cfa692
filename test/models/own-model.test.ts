// Networks that a file describes: what a run records of them, new last layers, what is held fixed, and what they are given.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { batchNormalization } from "../../src/engine/layers/batch-normalization.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import {
  classesOf,
  describeModel,
  labelsOf,
  type Model,
  sequential,
  variablesOf,
} from "../../src/engine/layers/model.ts";
import { averagePooling2d } from "../../src/engine/layers/pooling.ts";
import { rescaling } from "../../src/engine/layers/scaling.ts";
import { activation, dropout, flatten } from "../../src/engine/layers/shaping.ts";
import { readKerasModel } from "../../src/keras/read-model.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { keras2Config } from "../../src/models/architecture/keras2.ts";
import { keras3Config } from "../../src/models/architecture/keras3.ts";
import { withNewHead } from "../../src/models/architecture/new-head.ts";
import { checkModelConfig } from "../../src/models/check-config.ts";
import { forData } from "../../src/models/for-data.ts";
import { createModel, modelLoss, type OwnModelConfig } from "../../src/models/models.ts";
import { classShares } from "../../src/train/metrics/predictions.ts";

const test = suite("own model");

const small = (...end: Parameters<typeof sequential>[2]): Model =>
  sequential(
    "small",
    [8, 8, 1],
    [
      conv2d({ filters: 3, kernelSize: 3, activation: "relu", name: "first" }),
      batchNormalization({ name: "norm" }),
      flatten(),
      dropout({ rate: 0.25 }),
      ...end,
    ],
  );

const softmaxDense = dense({ units: 10, activation: "softmax", name: "last" });
const configOf = (model: Model): OwnModelConfig => ({
  name: model.name,
  architecture: keras3Config(exportedModel(model)),
});
const images = (classes: number, [height, width, channels]: readonly [number, number, number]) => ({
  ...{ height, width, channels },
  classNames: Array.from({ length: classes }, (_, label) => `class ${label}`),
});
const layersOf = (config: OwnModelConfig) => describeModel(createModel(config)).layers;
const moving = (config: OwnModelConfig): string[] =>
  [...variablesOf(createModel(config))].filter((one) => one.trainable).map(({ name }) => name);

test("a recorded description gives the same layers, variables and first values", () => {
  const model = small(softmaxDense);
  const saved: unknown = JSON.parse(JSON.stringify(configOf(model)));
  const config = checkModelConfig(saved, "config.json");
  const again = createModel(config);
  const [own, theirs] = [model, again].map((one) =>
    describeModel(one).layers.map(({ site: _site, ...layer }) => layer),
  );
  assert.equal(theirs, own);
  const names = (one: Model) =>
    [...variablesOf(one, 7)].map(({ name, trainable }) => [name, trainable]);
  assert.equal(names(again), names(model));
  assert.is(createModel(config), again, "equal configurations give one object");
});

test("a damaged description is refused by its place", () => {
  const broken = {
    name: "net",
    architecture: { class_name: "Sequential", config: { layers: [{}] } },
  };
  assert.throws(
    () => checkModelConfig(broken, "config.json"),
    /config\.json: model: cannot be built, got net: layer #0/,
  );
  assert.throws(
    () => checkModelConfig({ name: "net", architecture: 3 }, "config.json"),
    /architecture: must be a model as Keras describes it, got 3/,
  );
  const headless = { ...configOf(small(softmaxDense)), head: 0 };
  assert.throws(
    () => checkModelConfig(headless, "config.json"),
    /model\.head: must be a count, got 0/,
  );
});

test("scores without a softmax get one, as from_logits says; other curves are refused", () => {
  const scores = layersOf(configOf(small(dense({ units: 4 }))));
  assert.equal(
    [scores.at(-1)?.name, scores.at(-1)?.config],
    ["softmax", { activation: "softmax" }],
  );
  assert.is(layersOf(configOf(small(softmaxDense))).at(-1)?.name, "last");
  const ended = layersOf(
    configOf(small(dense({ units: 4 }), activation({ activation: "softmax" }))),
  );
  assert.is(ended.at(-1)?.className, "Activation");
  for (const end of [dense({ units: 1 }), dense({ units: 3, activation: "tanh" })]) {
    assert.throws(
      () => createModel(configOf(small(end))),
      /must end in a softmax or a sigmoid, or in scores of several classes, got (linear|tanh)/,
    );
  }
  assert.throws(
    () => createModel(configOf(sequential("map", [8, 8, 1], [averagePooling2d()]))),
    /a number for each class, got N×4×4×1/,
  );
});

test("a single yes or no is of two classes, and trained by binary cross-entropy", () => {
  const config = configOf(small(dense({ units: 1, activation: "sigmoid" })));
  assert.is(labelsOf(createModel(config)), 2);
  assert.equal(modelLoss(config), { loss: "binary_crossentropy" });
  assert.equal(modelLoss(configOf(small(softmaxDense))), {});
  assert.equal(forData(config, images(2, [8, 8, 1])), config);
  assert.throws(() => forData(config, images(3, [8, 8, 1])), /must have the 2 classes/);
  const [shares] = classShares([Float32Array.of(0.75)]);
  assert.equal([...(shares ?? [])], [0.25, 0.75]);
});

test("a new head takes the last dense layer's place, in every spelling", async () => {
  for (const write of [keras2Config, keras3Config]) {
    for (const end of [
      [softmaxDense],
      [dense({ units: 10, name: "last" }), activation({ activation: "softmax" })],
    ]) {
      const architecture = write(exportedModel(small(...end)));
      const config = { name: "small", architecture, head: 3 };
      assert.is(classesOf(createModel(config)), 3);
      const last = layersOf(config).find(({ name }) => name === "last");
      assert.equal(
        last?.weights.map(({ shape }) => shape),
        [[108, 3], [3]],
      );
      assert.is(last?.config["activation"], end.length === 1 ? "softmax" : "linear");
      assert.is(withNewHead(architecture, { units: 3, isFrozen: false }).replaced, "last");
      assert.is(
        classesOf(createModel({ name: "small", architecture })),
        10,
        "the description stays as it was",
      );
    }
  }
});

test("a base gets a head behind it, and keeps its weights when it is frozen", () => {
  const base = sequential(
    "base",
    [8, 8, 1],
    [conv2d({ filters: 3, kernelSize: 3 }), batchNormalization()],
  );
  const config = { ...configOf(base), head: 5, freeze: "base" } as const;
  assert.equal(
    layersOf(config)
      .slice(-2)
      .map(({ name }) => name),
    ["head_pooling", "predictions"],
  );
  assert.equal(moving(config), ["predictions/kernel", "predictions/bias"]);
  const model = configOf(small(softmaxDense));
  assert.equal(moving({ ...model, freeze: "base" }), ["last/kernel", "last/bias"]);
  assert.is(moving(model).length, 6);
});

test("what the first layer is given follows from it, and from the images", () => {
  const plain = configOf(small(softmaxDense));
  assert.is(createModel(plain).preprocessing, undefined);
  const scaled = configOf(
    sequential("scaled", [8, 8, 1], [rescaling({ scale: 1 / 255 }), flatten(), softmaxDense]),
  );
  assert.is(createModel(scaled).preprocessing, "bytes");
  assert.is(forData(scaled, images(10, [8, 8, 1])).preprocessing, "bytes");
  assert.is(forData(scaled, images(10, [20, 8, 1])).preprocessing, "resized-bytes");
  assert.is(forData(plain, images(10, [6, 6, 1])).preprocessing, undefined, "centred");
  assert.is(forData(plain, images(10, [9, 9, 1])).preprocessing, "resized");
  assert.throws(
    () => forData(plain, images(3, [8, 8, 1])),
    (error: Error & { help?: string }) =>
      /must have the 10 classes that the model tells apart, got 3/.test(error.message) &&
      error.help === "--head 3 puts a new last layer on",
  );
  assert.throws(() => forData(plain, images(10, [8, 8, 3])), /images must fit 8×8×1/);
});

const ZOO = fileURLToPath(new URL("../fixtures/zoo", import.meta.url));

test("files of real Keras get a head of five, whatever wrote them and however deep the last layer lies", async () => {
  const files = readdirSync(ZOO, { recursive: true })
    .map(String)
    .filter((name) => /(nested_sequential|leaky|slashes)\.(keras|h5)$/.test(name));
  assert.ok(files.length > 2, `${files.length}`);
  for (const file of files) {
    const { architecture } = await readKerasModel(join(ZOO, file));
    const config = { name: "net", architecture, head: 5 };
    assert.is(classesOf(createModel(config)), 5, file);
    const frozen = moving({ ...config, freeze: "base" });
    assert.ok(frozen.length > 0 && frozen.length <= 2, `${file}: ${frozen}`);
  }
});

test.run();
