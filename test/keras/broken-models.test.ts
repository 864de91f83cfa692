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
  ["plain", conv("filters", null), `${CONV}filters must be a number, got nothing`],
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
