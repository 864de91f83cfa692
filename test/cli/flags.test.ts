// Flags: values and their types, ranges, and the one line that each mistake earns.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { camelCase, type FlagSpecs, nearest, parseFlags } from "../../src/cli/frame/flags.ts";
import { UsageError } from "../../src/engine/core/errors.ts";

const test = suite("flags");

const SPECS = {
  epochs: { type: "integer", default: 20, min: 1, help: "passes over the data" },
  "batch-size": { type: "integer", default: 50, min: 1, max: 4096, help: "images a step" },
  "learning-rate": { type: "number", default: 1e-3, above: 0, help: "Adam's step size" },
  dropout: { type: "number", min: 0, below: 1, help: "share of units dropped" },
  activation: { type: "choice", choices: ["relu", "tanh"], default: "relu", help: "activation" },
  out: { type: "string", value: "folder", help: "where the run is written" },
  rung: { type: "list", value: "ladder=rung", help: "kernels to use" },
  shuffle: { type: "boolean", default: true, help: "shuffle each epoch" },
  json: { type: "boolean", help: "print JSON" },
} as const satisfies FlagSpecs;

const parse = (...args: string[]) => Object.fromEntries(parseFlags(SPECS, args).values);

function refusal(...args: string[]): UsageError {
  try {
    parse(...args);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error(`accepted: ${args.join(" ")}`);
}

test("defaults", () => {
  assert.equal(parse(), {
    epochs: 20,
    batchSize: 50,
    learningRate: 1e-3,
    dropout: undefined,
    activation: "relu",
    out: undefined,
    rung: [],
    shuffle: true,
    json: false,
  });
});

test("values in both notations, the last one wins", () => {
  const values = parse("--epochs", "3", "--learning-rate=5e-4", "--no-shuffle", "--epochs=4");
  assert.is(values["epochs"], 4);
  assert.is(values["learningRate"], 5e-4);
  assert.is(values["shuffle"], false);
});

test("a list takes all values that it is given, in order", () => {
  assert.equal(parse("--rung", "gemm=naive", "--rung=a=b")["rung"], ["gemm=naive", "a=b"]);
  assert.is(refusal("--rung=").message, "--rung: must not be empty");
});

test("positionals, also after --", () => {
  const { positionals } = parseFlags(SPECS, ["a.png", "--json", "b.png", "--", "--epochs"]);
  assert.equal(positionals, ["a.png", "b.png", "--epochs"]);
});

test("an unknown flag suggests the nearest", () => {
  const error = refusal("--epoch", "3");
  assert.is(error.message, "--epoch: is not a flag of this command");
  assert.is(error.help, "did you mean --epochs?");
  assert.is(refusal("--lerning-rate=1").help, "did you mean --learning-rate?");
  assert.is(refusal("--batchsize=1").help, "did you mean --batch-size?");
  assert.is(refusal("--frobnicate").help, "--help lists the flags");
  assert.is(refusal("-e", "3").message, "-e: is not a flag of this command");
  assert.is(refusal("--constructor").message, "--constructor: is not a flag of this command");
  assert.is(refusal("--no-epochs").message, "--no-epochs: is not a flag of this command");
});

test("whole numbers", () => {
  const rule = "--epochs: must be a whole number of at least 1, got";
  for (const bad of ["0", "-1", "1.5", "1e400", "0x10", "NaN", "Infinity", "ten"]) {
    assert.is(refusal(`--epochs=${bad}`).message, `${rule} ${bad}`);
  }
  assert.is(refusal("--epochs=").message, `${rule} ""`);
  assert.is(refusal("--epochs", " 3").message, `${rule} " 3"`);
  assert.is(refusal("--epochs", "-5").message, `${rule} -5`);
  assert.is(parse("--epochs=1e3")["epochs"], 1000);
  const range = "--batch-size: must be a whole number from 1 to 4096, got 5000";
  assert.is(refusal("--batch-size=5000").message, range);
});

test("numbers with open ends", () => {
  const rate = "--learning-rate: must be a number above 0, got 0";
  assert.is(refusal("--learning-rate=0").message, rate);
  const dropout = "--dropout: must be a number of at least 0 and below 1, got 1";
  assert.is(refusal("--dropout=1").message, dropout);
  assert.is(parse("--dropout=0")["dropout"], 0);
  for (const bad of ["NaN", "Infinity", "-Infinity", "1e999"]) refusal(`--learning-rate=${bad}`);
});

test("choices", () => {
  const error = refusal("--activation=tanhh");
  assert.is(error.message, "--activation: must be relu or tanh, got tanhh");
  assert.is(error.help, "did you mean tanh?");
});

test("a flag without its value", () => {
  const rule = "--epochs: needs a value, a whole number of at least 1, got";
  assert.is(refusal("--epochs").message, `${rule} none`);
  assert.is(refusal("--epochs", "--json").message, `${rule} the flag --json`);
  assert.is(refusal("--out=").message, "--out: must not be empty");
  assert.is(refusal("--json=yes").message, '--json: takes no value, got "yes"');
});

test("names", () => {
  assert.is(camelCase("learning-rate-2"), "learningRate2");
  assert.is(nearest("xyz", ["epochs"]), undefined);
  assert.is(nearest("ep", ["out", "epochs"]), "epochs");
});

test.run();
