// Clipping of gradients against float64 loops of Keras's formulas, seen in the step of plain SGD at rate 1, over several
// variables in one arena, in one binding and in several.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { zeros } from "../../src/engine/layers/initializers.ts";
import { Variables } from "../../src/engine/layers/variables.ts";
import { addTensors } from "../../src/engine/ops/add.ts";
import { checkClipping, withClipping } from "../../src/engine/optim/clipping.ts";
import type { Clipping } from "../../src/engine/optim/optimizer.ts";
import { OptimizerState } from "../../src/engine/optim/optimizer-state.ts";
import { sgd } from "../../src/engine/optim/sgd.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { assertClose, EXACT } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("clipping");
const { clipnorm } = JSON.parse(
  readFileSync(new URL("../fixtures/optimizers.json", import.meta.url), "utf8"),
);

/** The gradients as the update saw them. */
async function clipped(
  given: readonly ArrayLike<number>[],
  clipping: Clipping,
  maxStorageBufferBindingSize = 2 ** 20,
): Promise<readonly (readonly number[])[]> {
  const device = await gpu();
  const { subgroupSize, isSoftware } = device;
  const capabilities = { subgroupSize, isSoftware, maxStorageBufferBindingSize };
  const rec = new Recorder({ name: "clip", capabilities });
  const variables = new Variables(1);
  const pairs = given.map((values, index) => {
    const shape = [values.length];
    const { tensor } = variables.declare({ name: `w${index}`, shape, initializer: zeros });
    const half = device.tensor(
      shape,
      "half",
      Float32Array.from(values, (value) => value / 2),
    );
    return [tensor, addTensors(rec, half, half, "dw")] as const;
  });
  const state = new OptimizerState(withClipping(sgd(), clipping), 1);
  state.record(rec, variables, new Map(pairs));
  variables.materialise(device);
  state.materialise(device);
  (await Executable.compile(device, rec.finish())).run();
  return [...(await variables.snapshot(device)).values()].map((w) => [...w].map((value) => -value));
}

const given = [7, 5000, 129].map((length, index) => randomArray(length, 20 + index));
const norm = (values: Iterable<number>) => Math.hypot(...values);
const scaled = (values: Iterable<number>, own: number, limit: number) =>
  Array.from(values, (value) => (value * limit) / Math.max(own, limit));

const cases: readonly (readonly [Clipping, readonly (readonly number[])[]])[] = [
  [{ clipValue: 0.3 }, given.map((g) => [...g].map((v) => Math.max(-0.3, Math.min(0.3, v))))],
  [{ clipNorm: 4 }, given.map((g) => scaled(g, norm(g), 4))],
  [{ globalClipNorm: 2 }, given.map((g) => scaled(g, norm(given.map(norm)), 2))],
  [{ globalClipNorm: 1e6 }, given.map((g) => [...g])],
];

for (const [clipping, expected] of cases) {
  test(`${JSON.stringify(clipping)} is Keras's, in one binding and in several, every time`, async () => {
    const whole = await clipped(given, clipping);
    for (const [index, values] of expected.entries()) {
      const [shape, actual] = [[values.length], whole[index] ?? []];
      const tolerance = { relative: 2e-6, absolute: 1e-7 };
      assertClose({ label: `g${index}`, shape, actual, expected: values, tolerance });
    }
    assert.equal(await clipped(given, clipping), whole, "the same bits");
    const cut = await clipped(given, clipping, 1024);
    for (const [index, values] of expected.entries()) {
      const [shape, actual] = [[values.length], cut[index] ?? []];
      const tolerance = { relative: 2e-6, absolute: 1e-7 };
      assertClose({ label: `g${index} in pieces`, shape, actual, expected: values, tolerance });
    }
  });
}

test("the vectors of Keras come out", async () => {
  const { grad, out, global_norm: joint, clipvalue } = clipnorm;
  const tolerance = { relative: 2e-7, absolute: 0 };
  const check = (actual: readonly number[] | undefined, expected: readonly number[]) =>
    assertClose({
      label: "g",
      shape: [expected.length],
      actual: actual ?? [],
      expected,
      tolerance,
    });
  check((await clipped([grad], { clipNorm: clipnorm.clipnorm }))[0], out);
  const both = await clipped(joint.grads, { globalClipNorm: joint.clip });
  for (const [index, expected] of joint.out.entries()) check(both[index], expected);
  check((await clipped([clipvalue.grad], { clipValue: clipvalue.v }))[0], clipvalue.out);
});

test("gradients of zero stay zero", async () => {
  for (const clipping of [{ clipNorm: 1 }, { globalClipNorm: 1 }]) {
    const [actual = []] = await clipped([[0, 0, 0]], clipping);
    assertClose({ label: "g", shape: [3], actual, expected: [0, 0, 0], tolerance: EXACT });
  }
});

test("settings that make no sense are named", () => {
  assert.throws(() => checkClipping({ clipNorm: -1 }), "clipNorm: is a number above 0, got -1");
  const two = { clipNorm: 1, globalClipNorm: 1 };
  assert.throws(() => checkClipping(two), "in one way, got clipNorm and globalClipNorm");
  checkClipping({});
});

test.run();
