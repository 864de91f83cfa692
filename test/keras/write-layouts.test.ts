// Where variables go in the two layouts, and how long lists of names are split.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  keras2ArchiveLayout,
  keras2Layout,
  keras3Layout,
  stringList,
} from "../../src/keras/weights/weight-layouts.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { network } from "./networks.ts";

const test = suite("keras weight layouts");

const residual = exportedModel(network("residual"));
const dropout = exportedModel(network("lenet5-dropout"));

test("Keras 3: groups count classes, not names; batch normalisation's statistics come last", () => {
  const { variables } = keras3Layout(residual);
  const paths = Object.fromEntries([...variables].map(([name, { path }]) => [name, path]));
  assert.equal(paths, {
    "conv1/kernel": "/layers/conv2d/vars/0",
    "conv1/bias": "/layers/conv2d/vars/1",
    "bn/gamma": "/layers/batch_normalization/vars/0",
    "bn/beta": "/layers/batch_normalization/vars/1",
    "bn/moving_mean": "/layers/batch_normalization/vars/2",
    "bn/moving_variance": "/layers/batch_normalization/vars/3",
    "conv2/kernel": "/layers/conv2d_1/vars/0",
    "frozen/kernel": "/layers/dense/vars/0",
    "frozen/bias": "/layers/dense/vars/1",
    "predictions/kernel": "/layers/dense_1/vars/0",
    "predictions/bias": "/layers/dense_1/vars/1",
  });
});

test("TF-Keras: each layer also where versions before 2.15 look, and in no place that two of them read differently", () => {
  const { links = [] } = keras2ArchiveLayout(residual);
  const root = "/_layer_checkpoint_dependencies";
  assert.equal(
    links.map(({ path, target }) => [path, target]),
    [
      // 2.12 and 2.13 have each layer with weights twice, so that the second is conv2d_2; 2.14 counts it once.
      [`${root}/conv2d`, "/layers/conv2d"],
      [`${root}/conv2d_2`, "/layers/conv2d_1"],
      [`${root}/conv2d_1`, "/layers/conv2d_1"],
      [`${root}/batch_normalization`, "/layers/batch_normalization"],
      [`${root}/dense`, "/layers/dense"],
      [`${root}/dense_2`, "/layers/dense_1"],
      [`${root}/dense_1`, "/layers/dense_1"],
    ],
  );
  // dense_2 would be the third layer for 2.14, which finds no dense_1 and refuses the file.
  const lenet = keras2ArchiveLayout(dropout).links ?? [];
  assert.equal(
    lenet.flatMap(({ path, target }) => (path.includes("/dense") ? [[path, target]] : [])),
    [
      [`${root}/dense`, "/layers/dense"],
      [`${root}/dense_2`, "/layers/dense_1"],
      [`${root}/dense_4`, "/layers/dense_2"],
    ],
  );
});

test("Keras 2: names of the whole model, in order, also of layers without weights", () => {
  const { groups, variables } = keras2Layout(residual, "/model_weights");
  const [root] = groups;
  assert.is(root?.path, "/model_weights");
  assert.equal(root?.attributes?.["layer_names"], {
    kind: "ascii",
    value: residual.layers.map(({ name }) => name),
  });
  assert.is(variables.get("conv1/kernel")?.path, "/model_weights/conv1/conv1/kernel:0");
  const pad = groups.find(({ path }) => path === "/model_weights/pad");
  assert.equal(pad?.attributes, { weight_names: { kind: "empty" } });
});

test("every group has its parents before it", () => {
  for (const layout of [keras3Layout(residual), keras3Layout(dropout), keras2Layout(residual)]) {
    const seen = new Set([""]);
    for (const { path } of layout.groups) {
      if (path === "/") continue;
      assert.ok(seen.has(path.slice(0, path.lastIndexOf("/"))), path);
      seen.add(path);
    }
    for (const { path } of layout.variables.values()) {
      assert.ok(seen.has(path.slice(0, path.lastIndexOf("/"))), path);
    }
  }
});

test("lists that fit stay whole; longer ones split as NumPy's array_split does", () => {
  const names = (count: number) =>
    Array.from({ length: count }, (_, i) => `layer${i}`.padEnd(99, "x"));
  assert.equal(Object.keys(stringList("layer_names", names(645))), ["layer_names"]);
  const split = stringList("layer_names", names(1500));
  assert.equal(Object.keys(split), ["layer_names0", "layer_names1", "layer_names2"]);
  const parts = Object.values(split).map((attribute) =>
    attribute.kind === "fixed" ? attribute.value : [],
  );
  assert.equal(
    parts.map((part) => part.length),
    [500, 500, 500],
  );
  assert.equal(parts.flat(), names(1500));
  const uneven = Object.values(stringList("weight_names", names(1291)));
  assert.equal(
    uneven.map((attribute) => attribute.kind === "fixed" && attribute.value.length),
    [431, 430, 430],
  );
});

test("short names count as what the header keeps of each", () => {
  const names = Array.from({ length: 4033 }, (_, i) => `d${i}`);
  assert.equal(Object.keys(stringList("layer_names", names)), ["layer_names0", "layer_names1"]);
});

test.run();
