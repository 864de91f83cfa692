// What a training in the page starts from, when its model is that of a file.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { UsageError } from "../../src/engine/core/errors.ts";
import { describeModel, labelsOf, variablesOf } from "../../src/engine/layers/model.ts";
import type { Compiled } from "../../src/keras/compiled/compiled.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { keras3Config } from "../../src/models/architecture/keras3.ts";
import { createModel } from "../../src/models/models.ts";
import { HEADS, type HeadChoice } from "../../src/page/web/head-choice.ts";
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
const chosen = (model: string, optimizer = "sgd", head: HeadChoice = HEADS[0]) => ({
  ...{ model, optimizer, head, settings: {}, learningRate: 0.05 },
});

test("the file's optimiser goes on with its settings and where it stood", () => {
  const basis = basisOf(chosen("net.keras"), opened, 10);
  assert.is(basis.config, opened.config);
  assert.is(basis.weights, opened.weights);
  assert.is(basis.optimizer, state);
  assert.equal(basis.optimisation, { momentum: 0.9, optimizer: "sgd", schedule: "constant" });
  const { layers } = describeModel(createModel(basis.config));
  const names = layers.flatMap(({ weights }) => weights.map(({ name }) => name));
  assert.equal(names.toSorted(), [...opened.weights.keys()].toSorted());
});

test("another optimiser begins anew from the file's weights", () => {
  const basis = basisOf(chosen("net.keras", "adam"), opened, 10);
  assert.is(basis.weights, opened.weights);
  assert.is(basis.optimizer, undefined);
  assert.equal(basis.optimisation, {});
  const uncompiled = basisOf(chosen("net.keras", "adam"), { ...opened, compiled: null }, 10);
  assert.is(uncompiled.weights, opened.weights);
  assert.equal(uncompiled.optimisation, {});
});

test("a new last layer is that of train --head: random, the rest as in the file, and the optimiser anew", () => {
  for (const [head, frozen] of [
    [HEADS[1], false],
    [HEADS[2], true],
  ] as const) {
    const basis = basisOf(chosen("net.keras", "sgd", head), opened, 3);
    const model = createModel(basis.config);
    assert.is(labelsOf(model), 3);
    const all = [...variablesOf(model)];
    const last = describeModel(model).layers.at(-1)?.name ?? "";
    const random = all.filter(({ name }) => !basis.weights?.has(name)).map(({ name }) => name);
    assert.equal(random, [`${last}/kernel`, `${last}/bias`]);
    assert.equal(
      [...(basis.weights?.keys() ?? [])].filter((name) => random.includes(name)),
      [],
    );
    const moving = all.filter(({ trainable }) => trainable).map(({ name }) => name);
    assert.equal(moving, frozen ? random : all.map(({ name }) => name));
    assert.is(basis.optimizer, undefined);
    assert.is(basis.optimisation.optimizer, "sgd");
  }
});

test("a new last layer is learnt by cross-entropy, whatever the old one was", () => {
  const loss = { name: "binary_crossentropy", options: {} };
  const basis = basisOf(
    chosen("net.keras", "sgd", HEADS[1]),
    { ...opened, compiled: { ...compiled, loss } },
    3,
  );
  assert.is(basis.optimisation.loss, undefined);
});

test("a network of ours has no other last layer", () => {
  const run: OpenedModel = { ...opened, config: { name: "lenet5" }, compiled: null };
  assert.throws(
    () => basisOf(chosen("net.keras", "sgd", HEADS[1]), run, 3),
    /^last layer: is its own of lenet5, got new$/,
  );
});

test("another model has nothing of the file, and a file that is not there is none", () => {
  const basis = basisOf(chosen("lenet5"), opened, 10);
  assert.equal(basis, { config: { name: "lenet5" }, optimisation: {} });
  for (const known of [null, opened]) {
    assert.throws(
      () => basisOf(chosen("other.keras"), known, 10),
      (error: unknown) =>
        error instanceof UsageError && /^model: must be one of/.test(error.message),
    );
  }
});

test.run();
