// Files of weights alone for a model that has models within it: which layers they count, and when that cannot be told.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { SavedLayer, WeightFormat } from "../../src/keras/weights/saved-weights.ts";
import { assignWeightsTo } from "../../src/keras/weights/weights-for.ts";
import { modelFromConfig } from "../../src/models/architecture/model-from-config.ts";

const test = suite("weights-for");

const dense = (name: string) => ({
  ...{ class_name: "Dense", name, config: { name, units: 2, use_bias: false } },
});
const chain = (name: string, ...layers: readonly string[]) => ({
  ...{ class_name: "Sequential", name, config: { name, layers: layers.map(dense) } },
  inbound_nodes: [[["x", 0, 0, {}]]],
});

/** `left` is a chain of d1 and d2, `right` of e1. As one graph, Keras counts d1, e1, d2: by their ways to the sum, which takes `right` first. */
const MODEL = modelFromConfig(
  {
    class_name: "Functional",
    config: {
      name: "sum",
      layers: [
        {
          ...{ class_name: "InputLayer", name: "x", inbound_nodes: [] },
          config: { name: "x", batch_input_shape: [null, 2] },
        },
        ...[chain("left", "d1", "d2"), chain("right", "e1")],
        {
          ...{ class_name: "Add", name: "add", config: { name: "add" } },
          inbound_nodes: [
            [
              ["right", 1, 0, {}],
              ["left", 1, 0, {}],
            ],
          ],
        },
      ],
      input_layers: [["x", 0, 0]],
      output_layers: [["add", 0, 0]],
    },
  },
  "model",
);

/** Layers of one weight each, whose first number tells which it is. */
function saved(path: string, index: number, isNamed: boolean): SavedLayer {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const weight = { path: `${path}/0`, name: "0", shape: [2, 2], dtype: "float32" };
  const read = () => Float32Array.of(index, 0, 0, 0);
  return { name, isNamed, path, weights: [{ ...weight, read }] };
}

function assigned(format: WeightFormat, isNamed: boolean, ...paths: readonly string[]) {
  const layers = paths.map((path, index) => saved(path, index, isNamed));
  const values = [...assignWeightsTo({ path: "file", format, layers }, MODEL)];
  return values.map(([variable, [index = -1]]) => `${variable} ${paths[index]}`).sort();
}

test("a file that Keras counts as one graph, as it does what we write", () => {
  const places = ["/layers/dense", "/layers/dense_1", "/layers/dense_2"];
  assert.equal(assigned("keras3-weights", false, ...places), [
    ...["d1/kernel /layers/dense", "d2/kernel /layers/dense_2", "e1/kernel /layers/dense_1"],
  ]);
  const own = ["d1/kernel /d1", "d2/kernel /d2", "e1/kernel /e1"];
  assert.equal(assigned("legacy-weights", true, "/d1", "/e1", "/d2"), own);
});

test("a file that counts the layers of each model apart", () => {
  const left = "/layers/sequential/layers";
  const right = "/layers/sequential_1/layers/dense";
  assert.equal(assigned("keras3-weights", false, `${left}/dense`, `${left}/dense_1`, right), [
    ...[`d1/kernel ${left}/dense`, `d2/kernel ${left}/dense_1`, `e1/kernel ${right}`],
  ]);
  const own = ["d1/kernel /d1", "d2/kernel /d2", "e1/kernel /e1"];
  assert.equal(assigned("legacy-weights", true, "/d1", "/d2", "/e1"), own);
});

test("a file that fits both ways, and means other layers by each, is refused", () => {
  assert.throws(
    () => assigned("legacy-weights", true, "/p", "/q", "/r"),
    /^file: weights must tell which layer is which, got two ways in which they fit$/,
  );
});

test("a file that fits neither way is refused by the model's own layers", () => {
  assert.throws(
    () => assigned("legacy-weights", true, "/e1", "/d2", "/d1"),
    /layers must be in the model's order, got e1 as layer #0, where the model has d1/,
  );
});

test.run();
