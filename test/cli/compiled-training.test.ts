// What a Keras file's compile settings leave of a training, and what flags say before them.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { optimisationOf } from "../../src/cli/inputs/training-flags.ts";
import type { Compiled } from "../../src/keras/compiled/compiled.ts";
import type { ModelConfig } from "../../src/models/models.ts";
import { compiledTraining } from "../../src/train/compiled-training.ts";

const test = suite("compiled training");
const model: ModelConfig = { name: "net", architecture: {} };
const state = { name: "sgd", steps: 120, learningRate: 0.05, slots: new Map() } as const;
const compiled: Compiled = {
  ...{ optimizer: "sgd", settings: { momentum: 0.9, nesterov: true, clipNorm: 1 } },
  ...{
    learningRate: Math.fround(0.05),
    schedule: null,
    metrics: ["accuracy"],
    state,
    notes: ["one"],
  },
  loss: { name: "sparse_categorical_crossentropy", options: {} },
};

test("optimiser, settings, rate and state go on, at a constant rate", () => {
  const found = compiledTraining({}, compiled, model);
  assert.is(found.learningRate, 0.05);
  assert.is(found.state, state);
  assert.equal(found.notes, ["one"]);
  const expected = {
    optimizer: "sgd",
    momentum: 0.9,
    nesterov: true,
    clipNorm: 1,
    schedule: "constant",
  };
  assert.equal(optimisationOf({ nesterov: false }, found.optimisation), expected);
  const asked = { nesterov: false, momentum: 0.5, schedule: "study" } as const;
  const { schedule: _, ...others } = expected;
  assert.equal(optimisationOf(asked, found.optimisation), { ...others, momentum: 0.5 });
});

test("--optimizer begins anew, other layers do, and so does a file that says nothing", () => {
  const anew = { optimisation: {}, learningRate: null, state: null, notes: [] };
  assert.equal(compiledTraining({ optimizer: "adam" }, compiled, model), anew);
  assert.equal(compiledTraining({}, null, model), anew);
  const headed = compiledTraining({}, compiled, { ...model, head: 3 });
  assert.is(headed.state, null);
  assert.match(headed.notes.join(), /begins anew, because other layers are trained/);
});

test("a loss of ours goes on with its smoothing, and --loss is instead of both", () => {
  const of = (name: string, options = {}, flags = {}) => {
    const given = { nesterov: false, ...flags };
    const found = compiledTraining({}, { ...compiled, loss: { name, options } }, model);
    const { loss, labelSmoothing } = optimisationOf(given, found.optimisation);
    return [loss, labelSmoothing, found.notes.length];
  };
  const smoothed = { label_smoothing: 0.1 };
  assert.equal(of("binary_crossentropy", smoothed), ["binary_crossentropy", 0.1, 1]);
  assert.equal(of("categorical_crossentropy", smoothed), [undefined, 0.1, 1]);
  assert.equal(of("mean_squared_error"), ["mse", undefined, 1]);
  assert.equal(of("binary_crossentropy", smoothed, { loss: "mae" }), ["mae", undefined, 1]);
  const usual = { loss: "categorical_crossentropy" };
  assert.equal(of("mean_squared_error", {}, usual), [undefined, undefined, 1]);
  // Without a sigmoid at its end, our cross-entropy would take the outputs for probabilities.
  assert.equal(of("binary_crossentropy", { from_logits: true }), [undefined, undefined, 2]);
  assert.equal(of("huber", { delta: 2 }), [undefined, undefined, 2]);
});

test("another loss and an optimiser that is none of ours are told", () => {
  const loss = { name: "kl_divergence", options: {} };
  const other = compiledTraining({}, { ...compiled, loss }, model);
  assert.match(
    other.notes.join(),
    /was trained with kl_divergence, and goes on with softmax cross-entropy/,
  );
  const none = compiledTraining({}, { ...compiled, optimizer: null }, model);
  assert.equal(none.optimisation, {});
  assert.equal(none.notes, ["one"]);
});

test.run();
