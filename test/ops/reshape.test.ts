// Reshaping: the elements stay, nothing is dispatched, and wrong counts are refused.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { activation } from "../../src/engine/ops/activation.ts";
import { flatten, reshape } from "../../src/engine/ops/reshape.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { evaluate } from "../support/evaluate.ts";
import { gpu } from "../support/gpu.ts";

const test = suite("reshape");

function recorder(): Recorder {
  return new Recorder({ name: "reshape", capabilities: { subgroupSize: null, isSoftware: true } });
}

test("keeps the elements and passes the gradient", () =>
  checkOp({
    label: "reshape",
    inputs: { x: { shape: [2, 3, 5] } },
    build: (rec, { x }) => apply(rec, reshape, [x], { shape: [5, -1] }),
    reference: ({ x }) => x.slice(),
  }));

test("between ops, where the gradient is reshaped on the way", () =>
  checkOp({
    label: "tanh(flatten(tanh(x)))",
    inputs: { x: { shape: [3, 2, 2, 5] } },
    build: (rec, { x }) => {
      const inner = apply(rec, activation, [x], { kind: "tanh" });
      return apply(rec, activation, [flatten(rec, inner)], { kind: "tanh" });
    },
    reference: ({ x }) => x.map((value) => Math.tanh(Math.tanh(value))),
  }));

test("dispatches nothing, and shares the storage", () => {
  const rec = recorder();
  const x = rec.allocate([4, 2, 3, 5], "x");
  const y = flatten(rec, x);
  assert.equal(y.shape, [4, 30]);
  assert.is(y.storage, x.storage);
  assert.is(rec.finish().dispatches.length, 0);
});

test("a view lives as long as what reads it", async () => {
  const device = await gpu();
  const x = device.tensor([2, 3], "x", Float32Array.of(1, -2, 3, -4, 5, -6));
  const { outputs } = await evaluate((rec) => {
    const relu = apply(rec, activation, [x], { kind: "relu" });
    const view = flatten(rec, relu);
    // These would take relu's room over if its view did not keep it alive.
    let z = x;
    for (let i = 0; i < 3; i++) z = apply(rec, activation, [z], { kind: "tanh" });
    return { view, z };
  });
  assert.equal([...outputs.view], [1, 0, 3, 0, 5, 0]);
});

test("infers one extent", () => {
  const rec = recorder();
  const x = rec.allocate([4, 6], "x");
  const shapeOf = (shape: readonly number[]) => apply(rec, reshape, [x], { shape }).shape;
  assert.equal(shapeOf([-1]), [24]);
  assert.equal(shapeOf([2, -1, 3]), [2, 4, 3]);
  assert.equal(shapeOf([24, -1]), [24, 1]);
});

test("refuses other counts", () => {
  const rec = recorder();
  const x = rec.allocate([4, 6], "x");
  const to = (shape: readonly number[]) => () => apply(rec, reshape, [x], { shape });
  assert.throws(to([5, 5]), "got (4, 6) to (5, 5)");
  assert.throws(to([5, -1]), "got (4, 6) to (5, -1)");
  assert.throws(to([-1, -1]), "got (-1, -1)");
  assert.throws(to([0, -1]), "got (0, -1)");
  assert.throws(to([2.5, -1]), "got (2.5, -1)");
});

test.run();
