// Files that real Keras wrote, of six versions: each is predicted with as Keras does, or refused with a reason; none is read
// as something else. What the networks are is told in test/fixtures/zoo/README.md.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Device } from "../../src/engine/core/device.ts";
import { VitrineError } from "../../src/engine/core/errors.ts";
import { describeModel, type Model } from "../../src/engine/layers/model.ts";
import { assignWeights } from "../../src/keras/weights/assign-weights.ts";
import { openWeightFile } from "../../src/keras/weights/weight-file.ts";
import { assignWeightsTo } from "../../src/keras/weights/weights-for.ts";
import { callKeywords } from "../../src/models/architecture/call-modes.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { keras2Config } from "../../src/models/architecture/keras2.ts";
import { keras3Config } from "../../src/models/architecture/keras3.ts";
import { modelFromConfig } from "../../src/models/architecture/model-from-config.ts";
import { gpu } from "../support/gpu.ts";
import { predict } from "./predict.ts";
import { isWholeModel, ZOO, type ZooCase, zooCases, zooInputs, zooVersions } from "./zoo-cases.ts";

const test = suite("files of real Keras");

/** Of the largest prediction. */
const TOLERANCE = 2e-5;
/** The greatest difference from Keras's predictions, as a share of the largest of them. */
async function difference(device: Device, folder: string, record: ZooCase, file: string) {
  const isWhole = (name: string) => isWholeModel(record, name);
  const opened = await openWeightFile(folder + file);
  try {
    const config = isWhole(file)
      ? opened.modelConfig
      : await configOf(folder + (record.files.find(isWhole) ?? ""));
    const model = modelFromConfig(config, file);
    if (isWhole(file)) checkAgain(model, record.case);
    const weights = new Map(
      isWhole(file)
        ? assignWeights(opened, describeModel(model).layers)
        : assignWeightsTo(opened, model),
    );
    const expected = record.y;
    const y = await predict(device, { model, weights, inputs: zooInputs(record) });
    assert.is(y.length, expected.length, file);
    const largest = Math.max(...expected.map(Math.abs));
    return (
      Math.max(...expected.map((value, i) => Math.abs((y[i] ?? Number.NaN) - value))) / largest
    );
  } finally {
    await opened.close();
  }
}

/** What cannot be written, by network. */
const UNWRITABLE: Readonly<Record<string, RegExp>> = {
  preprocess_input: /must be one that Keras files can hold, got GetItem$/,
};

/** Described in Keras's terms and built again, it has the same layers, called as often with results of the same shapes. */
function checkAgain(model: Model, network: string): void {
  const exported = exportedModel(model);
  const unwritable = UNWRITABLE[network];
  for (const config of [keras2Config, keras3Config]) {
    if (unwritable) {
      assert.throws(() => config(exported), unwritable, network);
      continue;
    }
    const again = modelFromConfig(JSON.parse(JSON.stringify(config(exported))), network);
    assert.is(essenceOf(again), essenceOf(model), network);
  }
}

/**
 * Without an input layer, which a model of a nested one gets, in any order, and without the only format of images and a seed that is
 * null, which older Keras does not know.
 */
function essenceOf(model: Model): string {
  const { layers, calls } = describeModel(model);
  const own = layers.filter(({ className }) => className !== "InputLayer");
  const texts = own.map(({ site: _, within: __, inputs: ___, config, ...layer }) => {
    const isUnsaid = ([field, value]: readonly [string, unknown]) =>
      field === "data_format" || (field === "seed" && value === null);
    const settings = Object.fromEntries(Object.entries(config).filter((one) => !isUnsaid(one)));
    const called = (calls.get(layer.name) ?? []).map((call) => {
      return [call.inputs.length, call.outputShape, callKeywords(layer, call)];
    });
    return JSON.stringify([layer, settings, called]);
  });
  return texts.sort().join("\n");
}

async function configOf(path: string): Promise<unknown> {
  const whole = await openWeightFile(path);
  await whole.close();
  return whole.modelConfig;
}

async function outcome(...given: Parameters<typeof difference>): Promise<number | VitrineError> {
  try {
    return await difference(...given);
  } catch (error) {
    if (error instanceof VitrineError) return error;
    throw error;
  }
}

function check(record: ZooCase, label: string, result: number | VitrineError): void {
  if (typeof result === "number") {
    assert.is(record.need, "run", `${label}: must be refused, and runs`);
    // Also where it is not a number.
    assert.ok(
      result <= TOLERANCE,
      `${label}: differs from Keras by ${result} of its largest value`,
    );
    return;
  }
  assert.is(record.need, "refuse", `${label}: must run, and is refused: ${result.message}`);
  assert.match(result.message, /must have one input and one output/, label);
}

for (const version of zooVersions()) {
  test(version, async () => {
    const folder = `${ZOO}${version}/`;
    const device = await gpu();
    for (const record of zooCases(version)) {
      for (const file of record.files) {
        check(record, `${version}/${file}`, await outcome(device, folder, record, file));
      }
    }
  });
}

test.run();
