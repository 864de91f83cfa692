// Keras's rules for load_weights, and what it says when a file does not fit: which layer, which weight, which shapes.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Hdf5Thread } from "../../src/keras/hdf5/thread.ts";
import {
  type AssignOptions,
  assignWeights,
  matchWeights,
} from "../../src/keras/weights/assign-weights.ts";
import type { TargetLayer } from "../../src/keras/weights/layer-pair.ts";
import type { SavedLayer, WeightFile } from "../../src/keras/weights/saved-weights.ts";
import { soundVariances } from "../../src/keras/weights/sound-variances.ts";
import { openWeightFile } from "../../src/keras/weights/weight-file.ts";
import { refusalOf } from "../io/folder.ts";
import { fixture, NESTED_LAYERS, RESNET_LAYERS, TINY_LAYERS, VGG_LAYERS } from "./h5-fixtures.ts";

const test = suite("assign-weights");

let thread: Hdf5Thread;
test.before(() => {
  thread = new Hdf5Thread();
});
test.after(() => thread.stop());

async function opened<T>(name: string, work: (file: WeightFile) => T): Promise<T> {
  const file = await openWeightFile(fixture(name), { thread });
  try {
    return work(file);
  } finally {
    await file.close();
  }
}

type Values = Readonly<Record<string, readonly number[]>>;

function loaded(
  name: string,
  layers: readonly TargetLayer[],
  options?: AssignOptions,
): Promise<Values> {
  return opened(name, (file) => {
    const entries = [...assignWeights(file, layers, options)];
    return Object.fromEntries(entries.map(([variable, values]) => [variable, [...values]]));
  });
}

/** Paths within the file by variable. */
function places(name: string, layers: readonly TargetLayer[], options?: AssignOptions) {
  return opened(name, (file) =>
    Object.fromEntries(
      matchWeights(file, layers, options).map(({ variable, weight }) => [variable, weight.path]),
    ),
  );
}

const refused = (name: string, layers: readonly TargetLayer[], options?: AssignOptions) =>
  refusalOf(loaded(name, layers, options));

const renamed = (layers: readonly TargetLayer[], suffix: string): TargetLayer[] =>
  layers.map((layer) => ({ ...layer, name: `${layer.name}${suffix}` }));

test("by order: names do not matter, Keras 1 or 2, whole model or weights", async () => {
  const variables = RESNET_LAYERS.flatMap(({ weights }) => weights.map(({ name }) => name));
  const values = await loaded("keras2-weights.h5", renamed(RESNET_LAYERS, "_other"));
  assert.equal(Object.keys(values), variables);
  for (const other of ["keras2-weights-fixed.h5", "keras2-model.h5", "keras2-weights-float64.h5"]) {
    assert.equal(await loaded(other, RESNET_LAYERS), values, other);
  }
  const vgg = await places("keras1-weights.h5", VGG_LAYERS);
  assert.is(vgg["block1_conv1/kernel"], "/block1_conv1/block1_conv1_W_1:0");
  assert.is(vgg["block1_conv2/bias"], "/block1_conv2/block1_conv2_b_1:0");
});

test("by class and number: Keras 3's own formats, whatever names they tell", async () => {
  const values = await loaded("keras3-model.h5", TINY_LAYERS);
  const own = ["keras3.weights.h5", "keras3-unnamed.weights.h5", "keras213.weights.h5"];
  for (const name of [...own, "keras3-model.keras", "keras3-model-deflated.keras"]) {
    assert.equal(await loaded(name, TINY_LAYERS), values, name);
    assert.equal(await loaded(name, renamed(TINY_LAYERS, "_other")), values, name);
  }
});

test("by name: layers of other names keep what they have", async () => {
  const [, conv = VGG_LAYERS[0], statistics] = RESNET_LAYERS;
  assert.ok(conv && statistics);
  const head: TargetLayer = {
    name: "head",
    className: "Dense",
    weights: [{ name: "head/kernel", shape: [4, 3] }],
  };
  const values = await loaded("keras2-weights.h5", [head, statistics, conv], { by: "name" });
  assert.equal(Object.keys(values).length, 6);
  assert.ok(!("head/kernel" in values));
  const all = await loaded("keras2-weights.h5", RESNET_LAYERS);
  for (const [variable, data] of Object.entries(values))
    assert.equal(data, all[variable], variable);
  const message = await refused("keras2-weights.h5", [head], { by: "name" });
  assert.match(message, /must share names of layers with the model, got conv1_conv, .* for head/);
});

test("a base within the model, saved trainable or frozen, goes where the model has its layers", async () => {
  const frozen = await loaded("keras2-weights-nested.h5", NESTED_LAYERS);
  assert.equal(await loaded("keras2-weights-nested-trainable.h5", NESTED_LAYERS), frozen);
  const [conv, statistics, flatten, dense] = NESTED_LAYERS;
  assert.ok(conv && statistics && flatten && dense);
  const swapped = await loaded("keras2-weights-nested.h5", [dense, conv, flatten, statistics]);
  for (const [variable, data] of Object.entries(frozen)) {
    assert.equal(swapped[variable], data, variable);
  }
  const own = ["keras3-nested.weights.h5", "keras3-nested.keras"];
  for (const name of [...own, "keras3-nested.h5"]) {
    const found = await places(name, TRANSFER_LAYERS);
    assert.equal(Object.keys(found).length, 8, name);
    assert.match(found["conv1_bn/moving_mean"] ?? "", /moving_mean|batch_normalization\/vars\/2/);
  }
});

const TRANSFER_LAYERS: readonly TargetLayer[] = [
  ...NESTED_LAYERS.slice(0, 2).map((layer, i) => {
    const name = ["conv1_conv", "conv1_bn"][i] ?? "";
    const weights = layer.weights.map((weight) => ({
      ...weight,
      name: `${name}/${weight.name.split("/")[1]}`,
    }));
    return { ...layer, name, weights };
  }),
  {
    name: "head",
    className: "Dense",
    weights: [
      { name: "head/kernel", shape: [4, 3] },
      { name: "head/bias", shape: [3] },
    ],
  },
];

test("says which layers a file has too many or too few of", async () => {
  const fewer = RESNET_LAYERS.slice(0, -1);
  assert.match(
    await refused("keras2-weights.h5", fewer),
    /keras2-weights\.h5: must have the model's 2 layers with weights, got 3, predictions more/,
  );
  assert.match(await refused("keras2-weights.h5", VGG_LAYERS), /the model's 2 layers .*, got 3$/);
  assert.match(
    await refused("keras3.weights.h5", TINY_LAYERS.slice(0, -1)),
    /must have the model's 5 layers with weights, got 6, dense_1 more than the model/,
  );
});

test("says which weight has another shape, and both shapes", async () => {
  const changed = (name: string, shape: readonly number[]) =>
    RESNET_LAYERS.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) => (weight.name === name ? { name, shape } : weight)),
    }));
  assert.match(
    await refused("keras2-weights.h5", changed("conv1_conv/kernel", [7, 7, 3, 64])),
    /layer #0 \(conv1_conv in the model, conv1_conv in the file\): weight conv1_conv\/kernel must be \(7, 7, 3, 64\), got \(3, 3, 3, 4\)$/,
  );
  // Keras 3 alone would not tell (4,) from (4, 1) by its number of values.
  assert.match(
    await refused("keras2-weights.h5", changed("predictions/bias", [10, 1])),
    /layer #2 .*weight predictions\/bias must be \(10, 1\), got \(10,\)/,
  );
  const short = RESNET_LAYERS.map((layer) => ({ ...layer, weights: layer.weights.slice(0, 1) }));
  assert.match(
    await refused("keras2-weights.h5", short),
    /layer #0 .*: must have 1 weights, got 2/,
  );
});

test("refuses what equal shapes would hide: another order of layers, or of weights", async () => {
  await opened("keras2-weights.h5", (file) => {
    const [input, conv, statistics, relu, dense] = file.layers;
    assert.ok(input && conv && statistics && relu && dense);
    const twin: SavedLayer = { ...conv, name: "conv2_conv" };
    const targets = ["conv1_conv", "conv2_conv"].map((name) => ({
      name,
      className: "Conv2D",
      weights: (RESNET_LAYERS[1]?.weights ?? []).map((weight) => ({
        ...weight,
        name: weight.name.replace("conv1_conv", name),
      })),
    }));
    assert.is(matchWeights({ ...file, layers: [conv, twin] }, targets).length, 4);
    assert.throws(
      () => matchWeights({ ...file, layers: [twin, conv] }, targets),
      /layers must be in the model's order, got conv2_conv as layer #0, where the model has conv1_conv/,
    );
    const mixed = { ...statistics, weights: statistics.weights.toReversed() };
    assert.throws(
      () => matchWeights({ ...file, layers: [conv, mixed, dense] }, RESNET_LAYERS),
      /weight #0 must be the gamma, got the moving_variance/,
    );
  });
});

test("a variance below 0 is named with its file and layer, and nothing else below 0 is", () => {
  const values = Float32Array.of(1, 0, -0.5);
  const read = (name: string) => new Map(soundVariances("net.h5", [[name, values]]));
  for (const name of ["bn/moving_mean", "variance/kernel", "bn/beta"]) {
    assert.equal(read(name).get(name), values);
  }
  for (const name of ["bn/moving_variance", "normalization/variance"]) {
    const message = `net.h5: weight ${name}: must be at least 0 everywhere, got -0.5 at 2`;
    assert.throws(
      () => read(name),
      (error: Error) => error.message === message,
    );
  }
});

test("names the weight and the place of what is not finite", async () => {
  await opened("keras2-weights.h5", (file) => {
    const spoilt = (value: number) => ({
      ...file,
      layers: file.layers.map((layer) => ({
        ...layer,
        weights: layer.weights.map((weight) => ({
          ...weight,
          read: () =>
            weight.read().map((x, i) => (weight.shape.length === 4 && i === 17 ? value : x)),
        })),
      })),
    });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      assert.throws(
        () => [...assignWeights(spoilt(value), RESNET_LAYERS)],
        (error: Error) =>
          error.message.endsWith(
            `weight conv1_conv/kernel: must be finite, got ${value} at (0, 1, 1, 1)`,
          ),
      );
    }
  });
});

test("reads a weight only when it is asked for", async () => {
  await opened("keras2-weights.h5", (file) => {
    const asked: string[] = [];
    const watched = {
      ...file,
      layers: file.layers.map((layer) => ({
        ...layer,
        weights: layer.weights.map((weight) => ({
          ...weight,
          read: () => {
            asked.push(weight.path);
            return weight.read();
          },
        })),
      })),
    };
    const values = assignWeights(watched, RESNET_LAYERS);
    assert.equal(asked, []);
    const [first] = values;
    assert.is(first?.[0], "conv1_conv/kernel");
    assert.equal(asked.length, 1);
  });
});

test.run();
