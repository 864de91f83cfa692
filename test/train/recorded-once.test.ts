// A transfer run records each of its programs once, and one row of each model to learn what its variables are.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { firstRows } from "../../src/data/dataset.ts";
import { type Model, variablesOf } from "../../src/engine/layers/model.ts";
import { createTransferModel, type TransferModelConfig } from "../../src/models/models.ts";
import { fit } from "../../src/train/fit.ts";
import { frozenFeatures } from "../../src/train/frozen/frozen-base.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("recorded once");

const CONFIG: TransferModelConfig = {
  ...{ name: "vgg16", inputSize: 32, pooling: "average", units: 8, dropout: 0.5 },
};

/** The model, and the names of what it is recorded into. */
function watched(model: Model): { readonly model: Model; readonly recordings: string[] } {
  const recordings: string[] = [];
  return {
    recordings,
    model: {
      ...model,
      build: (net, x) => {
        recordings.push(`${net.rec.name}${net.training ? " training" : ""}`);
        return model.build(net, x);
      },
    },
  };
}

test("base and head", async () => {
  const device = await gpu();
  const { base, head } = createTransferModel(CONFIG);
  const [features, classifier] = [watched(base), watched(head)];
  const weights = variablesOf(base, 3).initialWeights();
  const dataset = smallDataset(40);
  const options = { device, base: features.model, weights, batch: 16 };
  const data = await frozenFeatures(options, dataset, null);
  const run = await fit(device, classifier.model, {
    train: { data, rows: firstRows(30) },
    validation: { data, rows: firstRows(10, 30) },
    ...{ batchSize: 10, epochs: 2, learningRate: 1e-3, seed: 1 },
  });
  await run.evaluate({ data, rows: firstRows(10) });
  assert.equal(features.recordings, ["vgg16", "vgg16.features.16", "vgg16.features.8"]);
  assert.equal(classifier.recordings, [
    ...["vgg16.head", "vgg16.head.train.10 training", "vgg16.head.evaluate.10"],
  ]);
});

test.run();
