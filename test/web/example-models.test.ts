// The networks of the examples as the page takes them: for pictures of any size and any classes, in terms that a run records.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { describeModel, labelsOf } from "../../src/engine/layers/model.ts";
import { forData } from "../../src/models/for-data.ts";
import { createModel, predictionOf } from "../../src/models/models.ts";
import { exampleConfig, exampleViews } from "../../src/web/worker/example-models.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("networks of examples in the page");

test("each takes pictures of any size, in grey and in colour, as they are", () => {
  const names = exampleViews().map(({ name }) => name);
  assert.equal(names, [
    "examples/own-model",
    "examples/residual",
    "examples/autoencoder",
    "examples/own-op",
    "examples/fused-op",
  ]);
  const classNames = ["a", "b", "c"];
  for (const size of [
    { height: 28, width: 28, channels: 1 },
    { height: 17, width: 40, channels: 3 },
  ]) {
    const data = { ...smallDataset(1), ...size, classNames };
    for (const name of names) {
      const config = exampleConfig(name, data);
      assert.ok(config);
      const fitted = config && forData(config, data);
      assert.equal(fitted, config);
      const model = fitted && createModel(fitted);
      assert.equal(model?.inputShape, [size.height, size.width, size.channels]);
      if (fitted && predictionOf(fitted) === "classes") assert.is(model && labelsOf(model), 3);
      else assert.equal(model && describeModel(model).outputShape, model?.inputShape);
    }
  }
});

test("other names are none of theirs", () => {
  for (const name of ["lenet5", "residual", "examples/none", "net.keras"]) {
    assert.is(exampleConfig(name, smallDataset(1)), null);
  }
});

test.run();
