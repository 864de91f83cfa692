// The command line of a saved configuration: read back by the flags themselves, and plain about what no flag says.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseFlags } from "../../src/cli/frame/flags.ts";
import { MODEL_FLAGS, type ModelFlags, modelConfig } from "../../src/cli/inputs/model-flags.ts";
import { repeatCommand } from "../../src/cli/inputs/repeat-command.ts";
import type { ModelConfig } from "../../src/models/models.ts";
import { type RunConfig, runConfig } from "../../src/runs/run-record.ts";
import { parseAugment } from "../../src/train/augment.ts";

const test = suite("repeat command");

function saved(model: ModelConfig, training: RunConfig["training"] = {}): RunConfig {
  const classNames = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  return runConfig({ model, classNames, training, data: {}, adapter: "none" });
}

/** The model that the command's flags describe. */
function modelOf(command: string | null): ModelConfig {
  const words = (command ?? "").split(" ").slice(4);
  const { values } = parseFlags(MODEL_FLAGS, words);
  return modelConfig(Object.fromEntries(values) as ModelFlags);
}

test("flags of a model describe it again", () => {
  for (const flags of [
    {},
    { activation: "tanh", pooling: "average", l2: 1e-4 },
    { model: "vgg16", freeze: "4", head: "average", headUnits: 128, weights: "none" },
    { model: "resnet50v2", inputSize: 64, preprocess: "unit", headDropout: 0 },
  ] as const) {
    const model = modelConfig(flags as ModelFlags);
    const { command, notes } = repeatCommand(saved(model));
    assert.equal(modelOf(command), model, command ?? "");
    assert.equal(notes, []);
  }
});

test("settings of training become flags; what is off or not set does not", () => {
  const { command } = repeatCommand(
    saved(
      { name: "lenet5" },
      {
        ...{ batchSize: 50, learningRate: 0.01, limit: null, nesterov: true, momentum: 0.9 },
      },
    ),
  );
  assert.is(
    command,
    "npm run train -- --model lenet5 --batch-size 50 --learning-rate 0.01 --nesterov --momentum 0.9",
  );
});

test("changes of images are spelled as the flag takes them; a file's network is named, and never repeated to the bit", () => {
  const augment = { flip: "both", shift: 2 } as const;
  const { command, isExact } = repeatCommand(saved({ name: "lenet5" }, { augment }));
  assert.match(command ?? "", / --augment flip=both,shift=2$/);
  assert.ok(isExact);
  assert.equal(parseAugment("flip=both,shift=2"), augment);
  const own = { name: "net", architecture: {}, head: 3, preprocessing: "resized-bytes" } as const;
  const training = { optimizer: "sgd", momentum: 0.9, beta1: 0.8, stepsBefore: 12 };
  const file = repeatCommand(saved(own, training));
  assert.is(
    file.command,
    "npm run train -- --model FILE --head 3 --preprocess bytes --momentum 0.9",
  );
  assert.not.ok(file.isExact);
  assert.match(file.notes.join(), /the network `net` came from it.*No flag gives beta1 0.8/);
});

test("what no flag gives is told, as is the file of pretrained weights", () => {
  const searched = repeatCommand(saved({ name: "lenet5", filters: [8, 24], units: [120, 84] }));
  assert.equal([searched.isExact, searched.notes.length], [false, 1]);
  assert.match(searched.notes[0] ?? "", /No flag gives the model's filters \[8,24\]:/);
  const digest = "a".repeat(64);
  const transfer = repeatCommand(saved({ name: "vgg19", pretrained: digest }));
  assert.not.match(transfer.command ?? "", /--weights/);
  assert.match(transfer.notes[0] ?? "", new RegExp(`SHA-256 \`${digest}\``));
});

test("a fold and a trial name the command that made them", () => {
  const of = (origin: object) => {
    const config: RunConfig = JSON.parse(JSON.stringify({ ...saved({ name: "lenet5" }), origin }));
    return repeatCommand(config);
  };
  const fold = of({ kind: "fold", fold: 2, folds: 5 });
  assert.is(fold.command, null);
  assert.match(fold.notes[0] ?? "", /^This is fold 2 of 5 of a cross-validation: `npm run kfold`/);
  const trial = of({ kind: "trial", trial: 3, tuner: "bayesian", fold: 1, folds: 2 });
  assert.match(trial.notes[0] ?? "", /^This is trial 3, fold 1 of 2 of a search \(bayesian\)/);
});

test.run();
