// What the data decides of a model: classes, channels, and whether images are centred or resized.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { UsageError } from "../../src/engine/core/errors.ts";
import { checkTakes, forData } from "../../src/models/for-data.ts";
import { createModel, type ModelConfig } from "../../src/models/models.ts";

const test = suite("models/for-data");

const LENET5: ModelConfig = { name: "lenet5", activation: "relu", pooling: "max", classes: 10 };
const VGG16 = { name: "vgg16", units: 8 } as const;

function images(height: number, width: number, channels: number, classes: number) {
  const classNames = Array.from({ length: classes }, (_, k) => `class ${k}`);
  return { height, width, channels, classNames };
}

test("28×28 grey images of ten classes change nothing of the record", () => {
  const config = forData(LENET5, images(28, 28, 1, 10));
  assert.is(JSON.stringify(config), JSON.stringify(LENET5));
  assert.equal(forData({ name: "lenet5" }, images(28, 28, 1, 10)), { name: "lenet5" });
});

test("classes, channels and sizes follow from the data", () => {
  assert.equal(forData(LENET5, images(28, 28, 1, 26)), { ...LENET5, classes: 26 });
  assert.equal(forData(LENET5, images(32, 32, 3, 10)), { ...LENET5, channels: 3 });
  const photos = forData(LENET5, images(48, 64, 3, 3));
  assert.equal(photos, { ...LENET5, classes: 3, channels: 3, preprocessing: "resized" });
  const model = createModel(photos);
  assert.equal(model.inputShape, [32, 32, 3]);
  assert.is(model.preprocessing, "resized");
  assert.equal(forData(photos, images(28, 28, 1, 10)), LENET5);
});

test("an ImageNet network takes any images; its head has the data's classes", () => {
  assert.is(forData(VGG16, images(28, 28, 1, 10)), VGG16);
  assert.equal(forData(VGG16, images(99, 20, 3, 7)), { ...VGG16, classes: 7 });
});

test("images of other channels, and data that a trained model cannot be shown, are refused", () => {
  const refused = (run: () => unknown, message: RegExp) =>
    assert.throws(run, (error: unknown) => {
      assert.instance(error, UsageError);
      assert.match((error as UsageError).message, message);
      return true;
    });
  refused(() => forData(LENET5, images(8, 8, 2, 10)), /data: images must have 1 or 3 channels/);
  const grey = createModel(LENET5);
  checkTakes(grey, images(28, 28, 1, 10));
  checkTakes(grey, images(32, 32, 1, 10));
  refused(() => checkTakes(grey, images(28, 28, 1, 3)), /must have the 10 classes .*, got 3/);
  refused(() => checkTakes(grey, images(28, 28, 3, 10)), /must fit 32×32×1 .*, got 28×28×3/);
  refused(() => checkTakes(grey, images(48, 64, 1, 10)), /must fit 32×32×1 .*, got 48×64×1/);
  const photos = createModel(forData(LENET5, images(48, 64, 3, 3)));
  checkTakes(photos, images(9, 9, 1, 3));
});

test.run();
