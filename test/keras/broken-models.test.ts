// What is wrong with the description of a model, told in one line that names the file and the layer. In process, and without
// weights: files are what bad-files.test.ts damages.

import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError } from "../../src/engine/core/errors.ts";
import { describeModel } from "../../src/engine/layers/model.ts";
import { ZipArchive } from "../../src/io/zip-archive.ts";
import { readCompiled } from "../../src/keras/compiled/read-compiled.ts";
import { isRecord, type JsonRecord } from "../../src/models/architecture/json-record.ts";
import { parseConfig } from "../../src/models/architecture/model-config.ts";
import { modelFromConfig } from "../../src/models/architecture/model-from-config.ts";

const test = suite("broken models");
const FIXTURES = join(import.meta.dirname, "..", "fixtures");
const FILES = {
  plain: "zoo/k315/functional.keras",
  normalised: "zoo/tf213/batch_norm_dropout.keras",
  compiled: "compiled/adam-3.12.0.keras",
  augmented: "zoo/k315/augmentation.keras",
  merged: "zoo/k315/nested_functional.keras",
  scaled: "zoo/k305/normalization.keras",
} as const;
const texts = new Map<string, string>();

test.before(async () => {
  for (const [name, file] of Object.entries(FILES)) {
    const zip = await ZipArchive.open(join(FIXTURES, file), "is it there?");
    texts.set(name, await zip.text("config.json"));
    zip.close();
  }
});

type Name = keyof typeof FILES;
type Change = (text: string) => string;

/** The first object of the class has this option. */
function option(className: string, name: string, value: unknown): Change {
  return (text) => {
    let isDone = false;
    const changed = JSON.stringify(JSON.parse(text), (_key, part: unknown) => {
      if (isDone || !isRecord(part) || part["class_name"] !== className) return part;
      isDone = true;
      const config = isRecord(part["config"]) ? part["config"] : {};
      return { ...part, config: { ...config, [name]: value } };
    });
    assert.ok(isDone, className);
    return changed;
  };
}

/** Every such text in it is another. */
function renamed(from: string, to: string): Change {
  return (text) => {
    const compact = JSON.stringify(JSON.parse(text));
    assert.ok(compact.includes(from), from);
    return compact.replaceAll(from, to);
  };
}

const whole = (text: string): Change => {
  return () => text;
};

const conv = (name: string, value: unknown) => option("Conv2D", name, value);
const input = (value: unknown) => option("InputLayer", "batch_shape", value);
/** The first object of the class is of another, with these options as well. */
function replaced(className: string, to: string, options: JsonRecord): Change {
  return (text) =>
    Object.entries(options).reduce(
      (changed, [name, value]) => option(to, name, value)(changed),
      renamed(`"class_name":"${className}"`, `"class_name":"${to}"`)(text),
    );
}

const flip = (options: JsonRecord) => replaced("RandomFlip", "RandomFlip", options);
const turn = (options: JsonRecord) => replaced("RandomRotation", "RandomRotation", options);
/** Another class in the flip's place. */
const other = (className: string, options: JsonRecord) =>
  replaced("RandomFlip", className, options);
const FACTOR = "must be a number or two from -1 to 1, got ";
const TAKES = "must take what layers give in calls that they have, got ";
const norm = (name: string, value: unknown) => option("BatchNormalization", name, value);
const CONV = "layer first conv (Conv2D): ";
const WHOLE = "takes whole numbers of at least 1, got ";
const COUNT = "must be a whole number from 1 to 16777216, got ";
const SHAPE = "a model must tell the shape of its input, got ";

const CASES: readonly (readonly [Name, Change, string])[] = [
  ["plain", whole("[]"), 'config.json: must be a JSON object, got "[]"'],
  ["plain", whole("NaN"), 'config.json: must be JSON, got "NaN"'],
  ["plain", whole("[".repeat(2e6)), `config.json: must be JSON, got "${"[".repeat(59)}…`],
  ["plain", whole("{}"), "a model must be Sequential or Functional, got nothing"],
  ["plain", conv("filters", "8"), `${CONV}filters must be a number, got "8"`],
  ["plain", conv("filters", null), `${CONV}filters must be a number, got null`],
  ["plain", conv("filters", [3]), `${CONV}filters must be a number, got [3]`],
  ["plain", conv("filters", -1), `${CONV}filters ${COUNT}-1`],
  ["plain", conv("filters", 2.5), `${CONV}filters ${COUNT}2.5`],
  ["plain", conv("filters", 1e9), `${CONV}filters ${COUNT}1000000000`],
  ["plain", conv("groups", 0), `${CONV}groups ${COUNT}0`],
  ["plain", conv("kernel_size", [3, 3, 3]), `${CONV}kernel_size must be two numbers, got [3,3,3]`],
  ["plain", conv("kernel_size", 0), `${CONV}conv2d: kernelSize: ${WHOLE}0`],
  ["plain", conv("strides", 0), `${CONV}conv2d: strides: ${WHOLE}0`],
  ["plain", conv("dilation_rate", 0), `${CONV}conv2d: dilationRate: ${WHOLE}0`],
  ["plain", conv("padding", "diag"), `${CONV}padding must be valid, same, got "diag"`],
  ["plain", conv("dtype", "quantised"), `${CONV}dtype must be of floats, not quantised, got`],
  [
    "plain",
    conv("kernel_size", 100),
    `${CONV}conv2d: a window with padding "valid" fits into the input, got a window of 100 over 12`,
  ],
  [
    "plain",
    conv("groups", 7),
    `${CONV}grouped-conv2d: channels and filters are shared out among 7`,
  ],
  [
    "plain",
    option("MaxPooling2D", "pool_size", 0),
    `layer pool (MaxPooling2D): MaxPooling2D: poolSize: ${WHOLE}0`,
  ],
  [
    "plain",
    option("Dense", "units", 1e12),
    `layer probabilities (Dense): units ${COUNT}1000000000000`,
  ],
  ["normalised", norm("axis", -7), "layer batch_normalization (BatchNormalization): axis must be"],
  [
    "normalised",
    norm("epsilon", -1),
    "layer batch_normalization (BatchNormalization): epsilon must be at least 0, got -1",
  ],
  [
    "normalised",
    norm("momentum", 2),
    "layer batch_normalization (BatchNormalization): momentum must be 0 to 1, got 2",
  ],
  [
    "normalised",
    option("Dropout", "rate", 2),
    "layer dropout (Dropout): dropout: the rate lies in [0, 1), got 2",
  ],
  ["plain", input([null, -12, 12, 3]), `${SHAPE}[null,-12,12,3]`],
  ["plain", input([null, 12, 12, null]), `${SHAPE}[null,12,12,null]`],
  ["plain", input([null, 1e9, 1e9, 3]), "an input must have at most 268435456 numbers, got"],
  ["plain", input([null, 12]), `${CONV}conv2d: takes a tensor of rank 4 (N, H, W, C), got (1, 12)`],
  [
    "plain",
    renamed('"keras_history":["pool"', '"keras_history":["nowhere"'),
    'layer flat must take tensors of layers before it, got ["nowhere"]',
  ],
  [
    "plain",
    renamed('"keras_history":["image"', '"keras_history":["pool"'),
    'layer first conv must take tensors of layers before it, got ["pool"]',
  ],
  ["plain", renamed('["pool",0,0]', '["pool",1,0]'), `layer flat ${TAKES}["pool",1]`],
  ["plain", renamed('["image",0,0]', '["image",1,0]'), `layer first conv ${TAKES}["image",1]`],
  [
    "plain",
    renamed('["probabilities",0,0]', '["probabilities",2,0]'),
    `the output ${TAKES}["probabilities",2]`,
  ],
  [
    "merged",
    renamed('["resnet",0,0]', '["resnet",2,0]'),
    `layer global_average_pooling2d ${TAKES}`,
  ],
  ["merged", renamed('["b2",0,0]', '["b2",3,0]'), `layer sum ${TAKES}["b2",3]`],
  [
    "plain",
    renamed('["pool",0,0]', '["pool",-1,0]'),
    'layer #3 (flat): must tell a call of a layer by its number, got ["pool",-1,0]',
  ],
  [
    "plain",
    renamed('["pool",0,0]', '["pool","0",0]'),
    'layer #3 (flat): must tell a call of a layer by its number, got ["pool","0",0]',
  ],
  [
    "plain",
    renamed('["pool",0,0]', '["pool",0,1]'),
    'layer #3 (flat): layers must give one tensor each, got ["pool",0,1]',
  ],
  [
    "normalised",
    norm("axis", null),
    "layer batch_normalization (BatchNormalization): axis must be",
  ],
  ["normalised", norm("axis", [null]), "layer batch_normalization (BatchNormalization): axis must"],
  [
    "normalised",
    replaced("BatchNormalization", "LayerNormalization", { axis: null }),
    "layer batch_normalization (LayerNormalization): axis must be one axis or several, got null",
  ],
  [
    "normalised",
    replaced("BatchNormalization", "GroupNormalization", { axis: null }),
    "layer batch_normalization (GroupNormalization): axis must be one axis or several, got null",
  ],
  [
    "normalised",
    replaced("BatchNormalization", "GroupNormalization", { groups: null }),
    "layer batch_normalization (GroupNormalization): groups must be a number, got null",
  ],
  [
    "merged",
    replaced("Add", "Concatenate", { axis: null }),
    "layer sum (Concatenate): axis must be a number, got null",
  ],
  [
    "scaled",
    option("Normalization", "axis", null),
    "layer normalization (Normalization): axis must be -1 or [-1] or 3 or [3], got null",
  ],
  [
    "scaled",
    replaced("Normalization", "Normalization", { mean: 0, variance: [0.5, -1, 2] }),
    "layer normalization (Normalization): variance must be at least 0, got [0.5,-1,2]",
  ],
  [
    "augmented",
    flip({ mode: "diagonal" }),
    "layer random_flip (RandomFlip): RandomFlip: mode must be horizontal, vertical, horizontal_and",
  ],
  ["augmented", flip({ mode: 3 }), "layer random_flip (RandomFlip): RandomFlip: mode must be hori"],
  [
    "augmented",
    turn({ factor: "much" }),
    `layer random_rotation (RandomRotation): RandomRotation: factor ${FACTOR}"much"`,
  ],
  [
    "augmented",
    turn({ factor: [-0.1, 0.1, 0.2] }),
    `layer random_rotation (RandomRotation): RandomRotation: factor ${FACTOR}[-0.1,0.1,0.2]`,
  ],
  [
    "augmented",
    turn({ fill_mode: "sand" }),
    "layer random_rotation (RandomRotation): RandomRotation: fill_mode must be ",
  ],
  [
    "augmented",
    turn({ interpolation: "guess" }),
    "layer random_rotation (RandomRotation): RandomRotation: interpolation must be ",
  ],
  [
    "augmented",
    turn({ fill_value: "red" }),
    "layer random_rotation (RandomRotation): RandomRotation: fill_value must be a number",
  ],
  [
    "augmented",
    other("RandomZoom", { height_factor: 7 }),
    `layer random_flip (RandomZoom): RandomZoom: height_factor ${FACTOR}7`,
  ],
  [
    "augmented",
    other("RandomZoom", { height_factor: 0.1, width_factor: [0, 3] }),
    `layer random_flip (RandomZoom): RandomZoom: width_factor ${FACTOR}[0,3]`,
  ],
  [
    "augmented",
    other("RandomZoom", {}),
    `layer random_flip (RandomZoom): RandomZoom: height_factor ${FACTOR}nothing`,
  ],
  [
    "augmented",
    other("RandomTranslation", { height_factor: 0.1, width_factor: "0.1" }),
    `layer random_flip (RandomTranslation): RandomTranslation: width_factor ${FACTOR}"0.1"`,
  ],
  [
    "augmented",
    other("RandomContrast", { factor: [-0.5, 0.5] }),
    "layer random_flip (RandomContrast): RandomContrast: factor must be a number or two from 0 to",
  ],
  [
    "augmented",
    other("RandomBrightness", { factor: 0.1, value_range: [0] }),
    "layer random_flip (RandomBrightness): RandomBrightness: value_range must be two numbers",
  ],
  [
    "augmented",
    other("GaussianNoise", { stddev: -1 }),
    "layer random_flip (GaussianNoise): GaussianNoise: stddev must be at least 0, got -1",
  ],
  [
    "augmented",
    other("GaussianDropout", { rate: 1 }),
    "layer random_flip (GaussianDropout): GaussianDropout: rate must be 0 to less than 1, got 1",
  ],
  ["plain", renamed('"probabilities"', '"flat"'), "layers must have names of their own, got flat"],
];

/** Of the refusal, behind the file's name. */
function refusal(text: string): string {
  try {
    const config = parseConfig(text, "net.keras: config.json");
    describeModel(modelFromConfig(config, "net.keras"));
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    assert.ok(error.message.startsWith("net.keras: "), error.message);
    return error.message.slice("net.keras: ".length);
  }
  throw new Error("was accepted");
}

test("every broken description has its line", () => {
  for (const name of Object.keys(FILES))
    assert.throws(() => refusal(texts.get(name) ?? ""), /accepted/);
  for (const [name, change, expected] of CASES) {
    const message = refusal(change(texts.get(name) ?? ""));
    assert.is(message.slice(0, expected.length), expected);
  }
});

/** How the compiled file was, with this setting of its optimiser. */
function compiledWith(setting: JsonRecord) {
  const config = parseConfig(texts.get("compiled") ?? "", "net.keras");
  const compile = config["compile_config"];
  const optimizer = isRecord(compile) ? compile["optimizer"] : undefined;
  assert.ok(isRecord(compile) && isRecord(optimizer) && isRecord(optimizer["config"]));
  const changed = { ...optimizer, config: { ...optimizer["config"], ...setting } };
  const saved = { ...compile, optimizer: changed };
  return readCompiled({ config: saved, variables: () => [], steps: () => 0 }, null);
}

test("settings that an optimiser cannot have are named, and its own hold", () => {
  const sound = compiledWith({});
  const cases: readonly (readonly [string, unknown, string])[] = [
    ["beta_1", "x", '0.9, since the file\'s cannot be, got "x"'],
    ["beta_1", 2, "0.9, since the file's cannot be, got 2"],
    ["epsilon", -1, "1e-7, since the file's cannot be, got -1"],
    ["clipnorm", "x", 'unset, since the file\'s cannot be, got "x"'],
    ["clipnorm", -1, "unset, since the file's cannot be, got -1"],
    ["weight_decay", "x", 'unset, since the file\'s cannot be, got "x"'],
    ["learning_rate", "fast", '0.001, since the file\'s cannot be, got "fast"'],
    ["learning_rate", -1, "0.001, since the file's cannot be, got -1"],
    ["learning_rate", [1], "0.001, since the file's cannot be, got [1]"],
  ];
  for (const [key, value, rest] of cases) {
    const { notes, settings } = compiledWith({ [key]: value });
    assert.equal(notes, [...sound.notes, `${key} of the optimiser is ${rest}`]);
    assert.equal(settings, sound.settings);
  }
});

test.run();
