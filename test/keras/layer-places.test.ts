// Where Keras's own formats put layers, by the counting of each version, and which layers of a model those are.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { matchWeights } from "../../src/keras/weights/assign-weights.ts";
import type { TargetLayer } from "../../src/keras/weights/layer-pair.ts";
import {
  containerNames,
  type LayerNode,
  placeLayers,
} from "../../src/keras/weights/layer-places.ts";
import type { SavedLayer } from "../../src/keras/weights/saved-weights.ts";

const test = suite("layer-places");

function saved(path: string, name?: string): SavedLayer {
  const group = path.slice(path.lastIndexOf("/") + 1);
  const weight = { path: `${path}/vars/0`, name: "0", shape: [2], dtype: "float32" };
  const weights = [{ ...weight, read: () => new Float32Array(2) }];
  return { name: name ?? group, isNamed: name !== undefined, path, weights };
}

function node(layer: string, className: string, nodes: readonly LayerNode<string>[] = []) {
  return { layer, className, nodes };
}

/** Names of a model that say nothing about the order of its layers. */
const MODEL = [
  node("input", "InputLayer"),
  node("augment", "Sequential", [node("pool", "MaxPooling2D")]),
  node("base", "Sequential", [node("conv2d_1", "Conv2D"), node("conv2d", "Conv2D")]),
  node("dense_1", "Dense"),
  node("dense", "Dense"),
];

const OLD = "_layer_checkpoint_dependencies";

function found(paths: readonly string[]): unknown {
  const layers = paths.map((path) => saved(path));
  const places = placeLayers(layers, MODEL);
  return places && layers.map((layer) => places.get(layer));
}

test("classes are numbered within the model that holds them, whatever layers are called", () => {
  assert.equal(containerNames(["Conv2D", "Dense", "Conv2D", "LeakyReLU", "Conv2D"]), [
    ...["conv2d", "dense", "conv2d_1", "leaky_re_lu", "conv2d_2"],
  ]);
  const order = ["conv2d_1", "conv2d", "dense_1", "dense"];
  const base = "/layers/sequential_1/layers";
  assert.equal(
    found([`${base}/conv2d`, `${base}/conv2d_1`, "/layers/dense", "/layers/dense_1"]),
    order,
  );
  // 2.14: what was saved already is not counted again.
  const once = `/${OLD}/sequential_1/${OLD}`;
  assert.equal(
    found([`${once}/conv2d`, `${once}/conv2d_1`, `/${OLD}/dense`, `/${OLD}/dense_1`]),
    order,
  );
  // 2.12 and 2.13: what has weights is counted twice.
  assert.equal(
    found([`${once}/conv2d`, `${once}/conv2d_2`, `/${OLD}/dense`, `/${OLD}/dense_2`]),
    order,
  );
});

test("a place that is none of the model's is refused", () => {
  assert.is(found(["/layers/dense_2"]), null);
  assert.is(found(["/layers/conv2d"]), null);
  assert.is(found([`/layers/sequential/layers/conv2d`]), null);
  assert.is(found([`/${OLD}/dense_1`, `/${OLD}/dense_2`]), null);
  // The second dense layer where each counts once, or the first twice: only one of them can be meant.
  assert.equal(found([`/${OLD}/dense`, `/${OLD}/dense_2`]), ["dense_1", "dense"]);
});

function target(name: string, className: string, holder?: string): TargetLayer {
  const weights = [{ name: `${name}/bias`, shape: [2] }];
  const within = holder === undefined ? [] : [{ name: holder, className: "Functional" }];
  return { name, className, weights, within };
}

function places(layers: readonly SavedLayer[], targets: readonly TargetLayer[]) {
  const file = { path: "file", format: "keras3-weights", layers } as const;
  return matchWeights(file, targets).map(({ variable, weight }) => [variable, weight.path]);
}

test("a file of a nested model goes into a model that is nested alike", () => {
  const layers = ["/layers/dense", "/layers/functional/layers/dense"].map((path) => saved(path));
  const targets = [target("dense", "Dense", "base"), target("dense_1", "Dense")];
  assert.equal(places(layers, targets), [
    ["dense/bias", "/layers/functional/layers/dense/vars/0"],
    ["dense_1/bias", "/layers/dense/vars/0"],
  ]);
});

test("into a flat model only by names that the file tells, never by those of its groups", () => {
  const flat = [target("dense", "Dense"), target("dense_1", "Dense")];
  const [outer, inner] = ["/layers/dense", "/layers/functional/layers/dense"] as const;
  const told = [saved(outer, "head"), saved(inner, "dense_1")];
  assert.equal(places(told, flat), [
    ["dense/bias", "/layers/dense/vars/0"],
    ["dense_1/bias", "/layers/functional/layers/dense/vars/0"],
  ]);
  assert.throws(
    () => places([saved(outer), saved(inner)], flat),
    /file: layers of a model within the model must have names that the model knows, got no name at \/layers\/functional\/layers\/dense/,
  );
});

test("a model within the model that has no weights leaves no trace in the file", () => {
  const flip = { ...target("flip", "RandomFlip", "augment"), weights: [] };
  const targets = [flip, target("dense_1", "Dense"), target("dense", "Dense")];
  const layers = ["/layers/dense", "/layers/dense_1"].map((path) => saved(path));
  assert.equal(places(layers, targets), [
    ["dense_1/bias", "/layers/dense/vars/0"],
    ["dense/bias", "/layers/dense_1/vars/0"],
  ]);
});

test("two layers for one, and names against places, are refused", () => {
  const flat = [target("dense", "Dense"), target("dense_1", "Dense")];
  const twice = ["/layers/functional/layers/dense", "/layers/functional/layers/dense_1"];
  assert.throws(
    () =>
      places(
        twice.map((path) => saved(path, "dense")),
        flat,
      ),
    /got dense at/,
  );
  const swapped = [saved("/layers/dense", "dense_1"), saved("/layers/dense_1", "dense")];
  assert.throws(() => places(swapped, flat), /layers must be in the model's order, got dense_1/);
  assert.throws(
    () => places([saved("/layers/dense"), saved("/layers/dense_2")], flat),
    /must have the places that Keras numbers .* \(2 Dense\), got \/layers\/dense, \/layers\/dense_2/,
  );
});

test.run();
