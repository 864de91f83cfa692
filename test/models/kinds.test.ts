// The table of models: flags, help, checks of saved settings and search spaces all follow from a model's row.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseFlags } from "../../src/cli/frame/flags.ts";
import { MODEL_FLAGS, type ModelFlags, modelConfig } from "../../src/cli/inputs/model-flags.ts";
import { TUNE_FLAGS } from "../../src/cli/inputs/tune-plan.ts";
import { classesOf, describeModel } from "../../src/engine/layers/model.ts";
import { checkModelConfig } from "../../src/models/check-config.ts";
import {
  createModel,
  createTransferModel,
  MODEL_KINDS,
  type ModelConfig,
  settingsOf,
} from "../../src/models/models.ts";
import { HyperParameters } from "../../src/tune/hyper-parameters.ts";
import { searchSpace } from "../../src/tune/search-space.ts";

const test = suite("model kinds");
const SRC = fileURLToPath(new URL("../../src", import.meta.url));

const asked = (...args: string[]) =>
  modelConfig(Object.fromEntries(parseFlags(MODEL_FLAGS, args).values) as ModelFlags);

test("every row gives a configuration that is sound, can be built, and can be searched around", () => {
  for (const { name } of MODEL_KINDS) {
    const config = asked("--model", name);
    assert.is(checkModelConfig(config, "file"), config);
    assert.is(classesOf(createModel(config)), 10);
    const { model } = searchSpace(config)(new HyperParameters());
    assert.is(checkModelConfig(model, "file"), model);
    // What flags do not say, a run does not record: the folders of old go on.
    assert.not(Object.hasOwn(config, "l2"), name);
  }
});

test("a setting with a flag can be given, is recorded under its own name, and is checked when it is read", () => {
  for (const kind of MODEL_KINDS) {
    for (const [key, setting] of settingsOf(kind)) {
      const { flag } = setting;
      if (flag === undefined) continue;
      assert.ok(Object.hasOwn(MODEL_FLAGS, flag), flag);
      const value = setting.type === "choice" ? String(setting.choices.at(-1)) : "0.25";
      if (setting.type !== "choice" && setting.type !== "number") continue;
      const config = asked("--model", kind.name, `--${flag}`, value);
      const expected = setting.type === "choice" ? value : 0.25;
      assert.is(Object.entries(config).find(([field]) => field === key)?.[1], expected, flag);
      assert.is(checkModelConfig(config, "file"), config);
    }
  }
});

test("saved settings are distrusted", () => {
  const vgg = { name: "vgg16", pretrained: null };
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ name: "vgg99" }, /^f: model\.name: must be one of lenet5, vgg16, .*, got "vgg99"$/],
    [{ name: "lenet5", depth: 3 }, /^f: model\.depth: is not a setting of this model, got 3$/],
    [{ name: "lenet5", activation: "elu" }, /activation: must be one of relu, tanh, got "elu"$/],
    [{ name: "lenet5", filters: [6] }, /filters: must be two counts, got \[6\]$/],
    [{ name: "lenet5", filters: [6, 0.5] }, /filters: must be two counts/],
    [{ name: "lenet5", kernelSize: "5" }, /kernelSize: must be a count, got "5"$/],
    [{ name: "lenet5", dropout: 1 }, /dropout: must be a share below 1, got 1$/],
    [{ name: "lenet5", l2: -1 }, /l2: must be a number, at least 0, got -1$/],
    [{ name: "lenet5", kernelSize: 31 }, /model: cannot be built, got conv2d/],
    [{ ...vgg, inputSize: 31 }, /inputSize: must be a whole number, at least 32, at most 4096/],
    [{ ...vgg, freeze: "all" }, /freeze: must be base, none or a number of blocks, got "all"$/],
    [{ ...vgg, pretrained: "abc" }, /pretrained: must be a sha256 or null, got "abc"$/],
    [{ ...vgg, classes: null }, /classes: must be a count, got null$/],
  ];
  for (const [config, message] of cases)
    assert.throws(() => checkModelConfig(config, "f"), message);
});

test("equal configurations are one model, and heads on the same base share it", () => {
  const config: ModelConfig = { name: "lenet5", units: [24, 16] };
  assert.is(createModel(config), createModel({ units: [24, 16], name: "lenet5" }));
  assert.is.not(createModel(config), createModel({ name: "lenet5" }));
  const [a, b] = [64, 32].map((units) => createTransferModel({ name: "vgg16", units }));
  assert.is.not(a, b);
  assert.is(a?.base, b?.base);
  assert.is.not(a?.base, createTransferModel({ name: "vgg19" }).base);
  assert.is.not(a?.base, createTransferModel({ name: "vgg16", freeze: "none" }).base);
});

test("l2 is of all kernels of LeNet-5, and of the head's of others", () => {
  const regularised = (config: ModelConfig): string[] =>
    describeModel(createModel(config))
      .layers.filter(({ config: keras }) => keras["kernel_regularizer"] !== undefined)
      .map(({ name }) => name);
  const layers = ["conv2d", "conv2d_1", "dense", "dense_1", "dense_2"];
  assert.equal(regularised(asked("--l2", "0.01")), layers);
  assert.equal(regularised(asked("--model", "vgg16", "--l2", "0.01")), ["head", "predictions"]);
  assert.equal(regularised(asked("--l2", "0")), []);
});

test("a search takes the flags of what it keeps, and no others", () => {
  for (const flag of ["weights", "input-size", "freeze"])
    assert.ok(Object.hasOwn(TUNE_FLAGS, flag));
  for (const flag of ["activation", "head-units"]) assert.not(Object.hasOwn(TUNE_FLAGS, flag));
});

test("no file beyond the models' knows LeNet-5 by name, but for the study that is about it", () => {
  const folders = ["cli", "tune", "train", "runs", "keras", "io", "data", "report/charts"];
  const files = folders.flatMap((folder) =>
    readdirSync(join(SRC, folder), { recursive: true }).map((name) => join(folder, String(name))),
  );
  const knowing = files.filter(
    (file) =>
      file.endsWith(".ts") && /["'`]lenet5["'`]/.test(readFileSync(join(SRC, file), "utf8")),
  );
  assert.equal(knowing, []);
});

test.run();
