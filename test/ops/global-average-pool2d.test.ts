// Mean over whole images, against loops.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { globalAveragePool2d } from "../../src/engine/ops/pool/global-average-pool2d.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { assertClose, EXACT } from "../support/close.ts";
import { runOp } from "../support/run-op.ts";

const test = suite("global-average-pool2d");

const shapes = [
  [2, 3, 5, 4],
  [1, 7, 7, 20],
  [3, 4, 1, 3],
  [2, 1, 1, 67],
] as const;

for (const shape of shapes) {
  const [n, h, w, c] = shape;
  test(`over ${shape}`, () =>
    checkOp({
      label: "mean",
      inputs: { x: { shape } },
      build: (rec, { x }) => apply(rec, globalAveragePool2d, [x], {}),
      reference: ({ x }) => {
        const y = new Float64Array(n * c);
        for (const [i, value] of x.entries()) {
          const at = Math.floor(i / (h * w * c)) * c + (i % c);
          y[at] = (y[at] ?? 0) + value / (h * w);
        }
        return y;
      },
      sumLength: h * w,
    }));
}

for (const isSoftware of [true, false]) {
  test(`gradient recorded for ${isSoftware ? "software" : "hardware"}`, async () => {
    const shape = [2, 4, 2, 3];
    const { dx = [] } = await runOp({
      inputs: { x: { shape, data: new Float64Array(48) } },
      build: (rec, input) => apply(rec, globalAveragePool2d, [input("x")], {}),
      dy: [8, 16, 24, 32, 40, 48],
      capabilities: { isSoftware, subgroupSize: null },
    });
    const expected = dx.map((_, i) => 3 * Math.floor(i / 24) + (i % 3) + 1);
    assertClose({ label: "dx", shape, actual: dx, expected, tolerance: EXACT });
  });
}

test("takes images", () => {
  assert.throws(() => globalAveragePool2d.infer([[2, 3]], {}), "takes a tensor of rank 4");
});

test.run();
