// Summaries against those that rich and Keras's own code lay out (test/fixtures/console/make.py).

import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  keras2Summary,
  keras3Summary,
  type LayerSummary,
  type ModelSummary,
} from "../../src/report/text/summary-table.ts";

const test = suite("summary-table");

const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/console/summary-${name}.txt`, import.meta.url), "utf8");

type Row = readonly [name: string, className: string, shape: number[], params: number];

const layer = ([name, className, shape, params]: Row): LayerSummary => ({
  name,
  className,
  outputShape: [null, ...shape],
  params,
});

const LENET: ModelSummary = {
  name: "sequential",
  layers: (
    [
      ["conv2d", "Conv2D", [28, 28, 6], 156],
      ["average_pooling2d", "AveragePooling2D", [14, 14, 6], 0],
      ["conv2d_1", "Conv2D", [10, 10, 16], 2416],
      ["average_pooling2d_1", "AveragePooling2D", [5, 5, 16], 0],
      ["flatten", "Flatten", [400], 0],
      ["dense", "Dense", [120], 48120],
      ["dense_1", "Dense", [84], 10164],
      ["dense_2", "Dense", [10], 850],
    ] satisfies Row[]
  ).map(layer),
  trainable: 61706,
  nonTrainable: 0,
};

const graphLayer = (row: Row, connectedTo: string[]): LayerSummary => ({
  ...layer(row),
  connectedTo,
});

const BN = "conv2_block1_preact_bn";
const RELU = "conv2_block1_preact_relu";
const CONV = "conv2_block1_0_conv";
const GRAPH: ModelSummary = {
  name: "resnet",
  layers: [
    graphLayer(["input_1", "InputLayer", [32, 32, 3], 0], []),
    graphLayer([BN, "BatchNormalization", [8, 8, 64], 256], ["input_1"]),
    graphLayer([RELU, "Activation", [8, 8, 64], 0], [BN]),
    graphLayer([CONV, "Conv2D", [8, 8, 256], 16640], [RELU]),
    graphLayer(["conv2_block1_out", "Add", [8, 8, 256], 0], [CONV, RELU]),
  ],
  trainable: 16768,
  nonTrainable: 128,
};

test("Keras 2.8", () => {
  assert.fixture(keras2Summary(LENET), fixture("keras2.8-lenet"));
  assert.fixture(keras2Summary(GRAPH), fixture("keras2.8-graph"));
});

test("Keras 3 in terminals of 40, 80 and 120 columns", () => {
  assert.fixture(keras3Summary(LENET, { columns: 40 }), fixture("keras3-lenet-40"));
  assert.fixture(keras3Summary(LENET), fixture("keras3-lenet-80"));
  const compiled = { ...LENET, optimizerParams: 123414 };
  assert.fixture(keras3Summary(compiled, { columns: 120 }), fixture("keras3-lenet-120"));
});

test("Keras 3, graph", () => {
  assert.fixture(keras3Summary(GRAPH), fixture("keras3-graph-80"));
  assert.fixture(keras3Summary(GRAPH, { columns: 120 }), fixture("keras3-graph-120"));
});

test("Keras 3 in colour", () => {
  // rich also wraps each header cell's padding in codes; the look is the same, so that line is compared without them.
  const withPlainHeader = (text: string): string =>
    text
      .split("\n")
      .map((line) => (line.startsWith("┃") ? stripVTControlCharacters(line) : line))
      .join("\n");
  const ours = keras3Summary(LENET, { colour: true });
  const theirs = fixture("keras3-lenet-80-colour");
  assert.fixture(withPlainHeader(ours), withPlainHeader(theirs));
  assert.match(ours, "\x1b[1mLayer (type)\x1b[0m");
});

test("a terminal of no width still gets a table", () => {
  assert.match(keras3Summary(GRAPH, { columns: 1 }), "Total params: 16,896");
});

test.run();
