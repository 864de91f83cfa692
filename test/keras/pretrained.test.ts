// The weights of a base: found in a file with a head of any kind, and refused from a network that only contains the base.

import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { batchNormalization } from "../../src/engine/layers/batch-normalization.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { sequential } from "../../src/engine/layers/model.ts";
import { readPretrained } from "../../src/keras/weights/pretrained.ts";
import { BACKBONES } from "../../src/models/backbones.ts";
import { inFolder, refusalOf } from "../io/folder.ts";
import { writeBackboneFile } from "../support/backbone-file.ts";
import { fixture } from "./h5-fixtures.ts";

const test = suite("pretrained");

test("a base that is a model within the file's model, below a head", async () => {
  const base = sequential(
    "base",
    [6, 6, 3],
    [
      conv2d({ filters: 4, kernelSize: 3, name: "conv1_conv" }),
      batchNormalization({ name: "conv1_bn" }),
    ],
  );
  const files = ["keras3-nested.h5", "keras3-nested.weights.h5", "keras3-nested.keras"];
  const [first, ...others] = await Promise.all(
    files.map(async (name) => (await readPretrained(fixture(name), base)).weights),
  );
  assert.is(first?.size, 6);
  for (const other of others) assert.equal(other, first);
});

test("a network whose layers include the base's is not the base's", () =>
  inFolder(async (folder) => {
    const path = join(folder, "vgg19.h5");
    await writeBackboneFile(path, "vgg19");
    const options = { inputShape: [32, 32, 3], includeTop: false } as const;
    assert.is(
      await refusalOf(readPretrained(path, BACKBONES.vgg16.build(options))),
      `${path}: must be of vgg16, got the layers of vgg19`,
    );
    const { weights } = await readPretrained(path, BACKBONES.vgg19.build(options));
    assert.is(weights.size, 32);
  }));

test.run();
