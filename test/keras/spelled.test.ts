// Networks that are spelled in less usual ways, described by real Keras of three versions (fixtures/keras-spellings.py): each
// predicts what Keras predicts, or is refused; and what we write of it is the same network again.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { describeModel, variablesOf } from "../../src/engine/layers/model.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { keras2Config } from "../../src/models/architecture/keras2.ts";
import { keras3Config } from "../../src/models/architecture/keras3.ts";
import { modelFromConfig } from "../../src/models/architecture/model-from-config.ts";
import { assertClose, f32 } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { predict } from "./predict.ts";

interface Recorded {
  readonly name: string;
  readonly keras: string;
  readonly model: unknown;
  readonly weights: Readonly<Record<string, readonly number[]>>;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

const FILE = new URL("../fixtures/keras-spellings.json", import.meta.url);
const RECORDED: readonly Recorded[] = JSON.parse(readFileSync(FILE, "utf8"));
const REFUSED: Readonly<Record<string, RegExp>> = {
  "cut out of another": /must start at an InputLayer, got one$/,
};

const test = suite("unusual spellings of Keras");

/** Layers with their settings and shapes, called as often. */
const essence = (description: unknown) => {
  const { layers, calls } = describeModel(modelFromConfig(description, "m"));
  return layers
    .filter(({ className }) => className !== "InputLayer")
    .map(({ className, config, outputShape, name }) => {
      return JSON.stringify([className, config, outputShape, calls.get(name)?.length]);
    })
    .sort();
};

for (const { name, keras, model: description, weights, inputs, outputs } of RECORDED) {
  const label = `${name}, Keras ${keras}`;
  const refused = REFUSED[name];
  if (refused) {
    test(`${label} is refused`, () => {
      assert.throws(() => modelFromConfig(description, name), refused);
    });
    continue;
  }
  test(label, async () => {
    const model = modelFromConfig(description, name);
    const names = [...variablesOf(model)].map((variable) => variable.name);
    assert.equal(names.sort(), Object.keys(weights).sort());
    const values = Object.entries(weights).map(
      ([path, list]) => [path, Float32Array.from(list)] as const,
    );
    const actual = await predict(await gpu(), {
      ...{ model, weights: new Map(values), inputs: Float32Array.from(inputs) },
    });
    const shape = [outputs.length];
    assertClose({ label, shape, actual, expected: outputs, tolerance: f32(64) });
  });

  test(`${label}, written and read again`, () => {
    const exported = exportedModel(modelFromConfig(description, name));
    for (const config of [keras2Config, keras3Config]) {
      assert.equal(essence(JSON.parse(JSON.stringify(config(exported)))), essence(description));
    }
  });
}

test.run();
