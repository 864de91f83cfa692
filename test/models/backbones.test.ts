// The backbones layer by layer against Keras Applications (test/keras/make-architectures.py), and what can be frozen.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { classesOf, describeModel, variablesOf } from "../../src/engine/layers/model.ts";
import type { LayerConfig } from "../../src/engine/program/layer-record.ts";
import type { BackboneOptions } from "../../src/models/backbone.ts";
import { BACKBONE_NAMES, BACKBONES } from "../../src/models/backbones.ts";

const test = suite("backbones");

type Row = readonly [
  name: string,
  className: string,
  outputShape: readonly number[],
  params: number,
  inputs: readonly string[],
  config: LayerConfig,
  weights: readonly (readonly [name: string, shape: readonly number[]])[],
];

interface Architecture {
  readonly params: number;
  /** Of these, moving statistics. */
  readonly still: number;
  readonly layers: readonly Row[];
}

const FIXTURE = new URL("../fixtures/backbones/architectures.json.gz", import.meta.url);
const KERAS: Readonly<Record<string, Architecture>> = JSON.parse(
  gunzipSync(readFileSync(FIXTURE)).toString("utf8"),
);

const VARIANTS: Readonly<Record<string, BackboneOptions>> = {
  top_224: { inputShape: [224, 224, 3] },
  notop_32: { inputShape: [32, 32, 3], includeTop: false },
  avg_48x32: { inputShape: [48, 32, 1], includeTop: false, pooling: "avg" },
  max_32: { inputShape: [32, 32, 3], includeTop: false, pooling: "max" },
};

for (const name of BACKBONE_NAMES) {
  for (const [variant, options] of Object.entries(VARIANTS)) {
    test(`${name} ${variant} is Keras's, layer by layer`, () => {
      const expected = KERAS[`${name}_${variant}`];
      if (!expected) throw new Error(`no fixture of ${name} ${variant}`);
      const { layers, trainable, nonTrainable } = describeModel(BACKBONES[name].build(options));
      const rows = layers.map((layer) => [
        layer.name,
        layer.className,
        layer.outputShape,
        layer.params,
        layer.inputs,
        layer.weights.map((weight) => [weight.name, weight.shape]),
      ]);
      const wanted = expected.layers.map(([kerasName, kind, shape, params, inputs, , weights]) => [
        kerasName,
        kind,
        shape,
        params,
        inputs,
        weights,
      ]);
      for (const [i, row] of wanted.entries()) assert.equal(rows[i], row);
      assert.is(rows.length, wanted.length);
      assert.is(trainable + nonTrainable, expected.params);
      assert.is(nonTrainable, expected.still);
    });
  }

  test(`${name}: the settings of its layers are Keras's`, () => {
    const { layers } = describeModel(BACKBONES[name].build({ inputShape: [224, 224, 3] }));
    const expected = KERAS[`${name}_top_224`]?.layers ?? [];
    assert.ok(expected.length > 20);
    for (const [i, [kerasName, , , , , config]] of expected.entries()) {
      const ours = layers[i]?.config ?? {};
      const shared = Object.entries(config).filter(([key]) => key in ours);
      for (const [key, value] of shared) {
        assert.equal(ours[key], value, `${kerasName}: ${key}`);
      }
    }
  });
}

test("parameters of the models as published", () => {
  const counts = BACKBONE_NAMES.map((name) =>
    variablesOf(BACKBONES[name].build({ inputShape: [224, 224, 3] })).count(),
  );
  assert.equal(counts, [
    ...[138_357_544, 143_667_240, 25_636_712, 25_613_800, 44_675_560, 60_380_648],
    ...[3_538_984, 8_062_504],
  ]);
});

test("blocks are frozen from the first", () => {
  const options = { inputShape: [32, 32, 3], includeTop: false } as const;
  const blocksOf = (name: "vgg19" | "resnet50v2", frozenBlocks: number) => {
    const variables = [...variablesOf(BACKBONES[name].build({ ...options, frozenBlocks }))];
    const trained = variables.filter(({ trainable }) => trainable).map((one) => one.name);
    return BACKBONES[name].blocks.filter((block) =>
      trained.some((variable) => variable.startsWith(`${block}_`)),
    );
  };
  assert.equal(BACKBONES.vgg19.blocks, ["block1", "block2", "block3", "block4", "block5"]);
  assert.equal(blocksOf("vgg19", 0), BACKBONES.vgg19.blocks);
  assert.equal(blocksOf("vgg19", 3), ["block4", "block5"]);
  assert.equal(blocksOf("vgg19", Number.POSITIVE_INFINITY), []);
  const resnet = BACKBONES.resnet50v2.blocks;
  assert.is(resnet.length, 18);
  assert.equal(
    [resnet[0], resnet[1], resnet.at(-2), resnet.at(-1)],
    ["conv1", "conv2_block1", "conv5_block3", "post"],
  );
  assert.equal(blocksOf("resnet50v2", 16), ["conv5_block3", "post"]);
  assert.is(BACKBONES.resnet152v2.blocks.length, 52);
});

test("the classifier is trained over frozen blocks", () => {
  const frozenBlocks = Number.POSITIVE_INFINITY;
  const model = BACKBONES.vgg16.build({ inputShape: [32, 32, 3], classes: 10, frozenBlocks });
  assert.is(classesOf(model), 10);
  const trained = [...variablesOf(model)].filter(({ trainable }) => trainable);
  assert.equal(
    trained.map(({ name }) => name),
    ["fc1/kernel", "fc1/bias", "fc2/kernel", "fc2/bias", "predictions/kernel", "predictions/bias"],
  );
});

test("weights are published for every model, with and without top", () => {
  const files = BACKBONE_NAMES.flatMap((name) => Object.values(BACKBONES[name].weights));
  assert.is(new Set(files.map(({ md5 }) => md5)).size, 15);
  for (const { url, md5 } of files) {
    assert.match(
      url,
      /^https:\/\/storage\.googleapis\.com\/tensorflow\/keras-applications\/.+\.h5$/,
    );
    // Keras publishes none of MobileNetV2.
    if (!url.includes("mobilenet")) assert.match(md5 ?? "", /^[0-9a-f]{32}$/);
  }
});

test("options that no model can be built of", () => {
  const build = (options: BackboneOptions) => () => BACKBONES.vgg16.build(options);
  assert.throws(
    build({ inputShape: [31, 32, 3] }),
    "vgg16: the input has at least 32 rows and columns",
  );
  assert.throws(build({ inputShape: [32, 32, 0] }), "got (32, 32, 0)");
  assert.throws(build({ inputShape: [32, 32.5, 3] }), "got (32, 32.5, 3)");
  const frozen = (frozenBlocks: number) => build({ inputShape: [32, 32, 3], frozenBlocks });
  assert.throws(frozen(-1), "frozenBlocks is a whole number or all, got -1");
  assert.throws(frozen(1.5), "got 1.5");
  assert.throws(frozen(Number.NaN), "got NaN");
});

test.run();
