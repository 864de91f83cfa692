// Elementwise sum, and the gradient of a tensor that is used twice.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { add } from "../../src/engine/ops/add.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { gpu } from "../support/gpu.ts";

const test = suite("add");

for (const shape of [[1], [3, 5], [2, 3, 4, 5], [1, 1031]]) {
  test(`a + b over ${shape}`, () =>
    checkOp({
      label: "add",
      inputs: { a: { shape }, b: { shape } },
      build: (rec, { a, b }) => apply(rec, add, [a, b], {}),
      reference: ({ a, b }) => a.map((value, i) => value + (b[i] ?? 0)),
    }));
}

test("a tensor used twice gets the sum of both gradients", () =>
  checkOp({
    label: "a + a",
    inputs: { a: { shape: [7, 3] } },
    build: (rec, { a }) => apply(rec, add, [a, apply(rec, add, [a, a], {})], {}),
    reference: ({ a }) => a.map((value) => 3 * value),
  }));

test("shapes must agree", async () => {
  const device = await gpu();
  const rec = new Recorder({ name: "shapes", capabilities: device });
  const [a, b] = [rec.allocate([2, 3], "a"), rec.allocate([3, 2], "b")];
  assert.throws(() => apply(rec, add, [a, b], {}), "got (2, 3) and (3, 2)");
});

test.run();
