// PReLU: slopes by channel and by element, gradients of both inputs, and shapes that do not go together.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";
import { prelu } from "../../src/engine/ops/prelu.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { randomArray } from "../support/random.ts";

const test = suite("prelu");

const CASES: readonly (readonly [x: Shape, alpha: Shape])[] = [
  [[3, 5], [5]],
  [
    [2, 3, 4, 3],
    [1, 1, 3],
  ],
  [
    [2, 3, 4, 3],
    [3, 4, 3],
  ],
  [
    [70, 5, 5, 7],
    [1, 1, 7],
  ],
];

for (const [shape, alpha] of CASES) {
  test(`(${shape}) with slopes (${alpha})`, () =>
    checkOp({
      label: "prelu",
      inputs: {
        x: { shape, values: randomArray(sizeOf(shape), 3).map((v) => v + Math.sign(v) / 8) },
        alpha: { shape: alpha },
      },
      gradients: sizeOf(shape) < 100 ? ["x", "alpha"] : ["alpha"],
      sumLength: sizeOf(shape) / sizeOf(alpha),
      build: (rec, inputs) => apply(rec, prelu, [inputs.x, inputs.alpha], {}),
      reference: ({ x, alpha: slopes }) =>
        x.map((value, i) => (value < 0 ? value * (slopes[i % slopes.length] ?? 0) : value)),
    }));
}

test("slopes that fit neither channels nor elements", () => {
  const rec = new Recorder({ name: "t", capabilities: { subgroupSize: null, isSoftware: true } });
  const [x, alpha] = [rec.allocate([2, 3, 4], "x"), rec.allocate([3], "alpha")];
  assert.throws(() => apply(rec, prelu, [x, alpha], {}), "got x (2, 3, 4), alpha (3,)");
});

test.run();
