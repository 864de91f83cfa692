// Maximum over whole images, against loops; ties against jax.grad of jnp.max, which Keras's layer calls.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { globalMaxPool2d } from "../../src/engine/ops/pool/global-max-pool2d.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { assertClose, EXACT } from "../support/close.ts";
import { runOp } from "../support/run-op.ts";

const test = suite("global-max-pool2d");

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
      label: "maximum",
      inputs: { x: { shape } },
      build: (rec, { x }) => apply(rec, globalMaxPool2d, [x], {}),
      reference: ({ x }) => {
        const y = new Float64Array(n * c).fill(Number.NEGATIVE_INFINITY);
        for (const [i, value] of x.entries()) {
          const at = Math.floor(i / (h * w * c)) * c + (i % c);
          y[at] = Math.max(y[at] ?? 0, value);
        }
        return y;
      },
      sumLength: 1,
    }));
}

test("equal maxima share the gradient", async () => {
  const shape = [1, 2, 2, 2];
  const { y = [], dx = [] } = await runOp({
    inputs: { x: { shape, data: [1, -3, 2, -3, 2, -3, 0, -3] } },
    build: (rec, input) => apply(rec, globalMaxPool2d, [input("x")], {}),
    dy: [6, 4],
  });
  assertClose({ label: "y", shape: [1, 2], actual: y, expected: [2, -3], tolerance: EXACT });
  const expected = [0, 1, 3, 1, 3, 1, 0, 1];
  assertClose({ label: "dx", shape, actual: dx, expected, tolerance: EXACT });
});

test("takes images", () => {
  assert.throws(() => globalMaxPool2d.infer([[2, 3]], {}), "takes a tensor of rank 4");
});

test.run();
