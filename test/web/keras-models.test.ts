// What a training in the page starts from, when its model is that of a file.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { UsageError } from "../../src/engine/core/errors.ts";
import { describeModel } from "../../src/engine/layers/model.ts";
import type { Compiled } from "../../src/keras/compiled/compiled.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { keras3Config } from "../../src/models/architecture/keras3.ts";
import { createModel } from "../../src/models/models.ts";
import { basisOf, type OpenedModel } from "../../src/web/worker/keras-models.ts";
import { network, seededWeights } from "../keras/networks.ts";

const test = suite("models of files in the page");

const lenet5 = network("lenet5");
const state = { name: "sgd", steps: 120, learningRate: 0.05, slots: new Map() } as const;
const compiled: Compiled = {
  ...{ optimizer: "sgd", settings: { momentum: 0.9 }, learningRate: 0.05, state, schedule: null },
  ...{ metrics: ["accuracy"], notes: [] },
  loss: { name: "sparse_categorical_crossentropy", options: {} },
};
const opened: OpenedModel = {
  file: "net.keras",
  config: { name: "net", architecture: keras3Config(exportedModel(lenet5)), pretrained: "ab" },
  weights: seededWeights(lenet5, 1),
  compiled,
};
const chosen = (model: string, optimizer = "sgd") => ({ model, optimizer, settings: {} });

test("the file's optimiser goes on with its settings and where it stood", () => {
  const basis = basisOf(chosen("net.keras"), opened);
  assert.is(basis.config, opened.config);
  assert.is(basis.weights, opened.weights);
  assert.is(basis.optimizer, state);
  assert.equal(basis.optimisation, { momentum: 0.9, optimizer: "sgd", schedule: "constant" });
  const { layers } = describeModel(createModel(basis.config));
  const names = layers.flatMap(({ weights }) => weights.map(({ name }) => name));
  assert.equal(names.toSorted(), [...opened.weights.keys()].toSorted());
});

test("another optimiser begins anew from the file's weights", () => {
  const basis = basisOf(chosen("net.keras", "adam"), opened);
  assert.is(basis.weights, opened.weights);
  assert.is(basis.optimizer, undefined);
  assert.equal(basis.optimisation, {});
  const uncompiled = basisOf(chosen("net.keras", "adam"), { ...opened, compiled: null });
  assert.is(uncompiled.weights, opened.weights);
  assert.equal(uncompiled.optimisation, {});
});

test("another model has nothing of the file, and a file that is not there is none", () => {
  const basis = basisOf(chosen("lenet5"), opened);
  assert.equal(basis, { config: { name: "lenet5" }, optimisation: {} });
  for (const known of [null, opened]) {
    assert.throws(
      () => basisOf(chosen("other.keras"), known),
      (error: unknown) =>
        error instanceof UsageError && /^model: must be one of/.test(error.message),
    );
  }
});

test.run();
