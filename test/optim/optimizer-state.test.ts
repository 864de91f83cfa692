// Weights beyond the adapter's binding limit: the update is cut into views and gives the same bits as in one piece.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { zeros } from "../../src/engine/layers/initializers.ts";
import { Variables } from "../../src/engine/layers/variables.ts";
import { addTensors } from "../../src/engine/ops/add.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { OptimizerState } from "../../src/engine/optim/optimizer-state.ts";
import { sgd } from "../../src/engine/optim/sgd.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { assertClose, EXACT } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("optimizer state");

const SHAPES = [[7], [50, 33], [129]];

/** Weights after two updates, and how many dispatches of the optimiser's kernel they took each. */
async function updated(name: "adam" | "sgd", maxStorageBufferBindingSize: number) {
  const device = await gpu();
  const { subgroupSize, isSoftware } = device;
  const capabilities = { subgroupSize, isSoftware, maxStorageBufferBindingSize };
  const rec = new Recorder({ name: "update", capabilities });
  const variables = new Variables(1);
  const declared = SHAPES.map((shape, index) =>
    variables.declare({ name: `w${index}`, shape, initializer: zeros }),
  );
  const gradients = declared.map(({ tensor: { shape } }, index) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const half = device.tensor(shape, "half", Float32Array.from(randomArray(size, 10 + index)));
    return addTensors(rec, half, half, "dw");
  });
  const optimizer = name === "adam" ? adam() : sgd({ momentum: 0.9 });
  const state = new OptimizerState(optimizer, 0.01);
  state.record(
    rec,
    variables,
    new Map(declared.map((v, i) => [v.tensor, gradients[i] ?? v.tensor])),
  );
  variables.materialise(device);
  state.materialise(device);
  const executable = await Executable.compile(device, rec.finish());
  executable.run(2);
  const updates = executable.dispatches.filter(({ kernel }) => kernel.entry === "update");
  return { weights: await variables.snapshot(device), updates: updates.length };
}

for (const name of ["adam", "sgd"] as const) {
  test(`${name} cuts a large arena into views`, async () => {
    const whole = await updated(name, 2 ** 20);
    const cut = await updated(name, 1000);
    assert.is(whole.updates, 1);
    assert.is(cut.updates, 10, "(256 + 6656 + 768) bytes in pieces of 768");
    for (const [variable, expected] of whole.weights) {
      assert.ok(expected.some((value) => value !== 0));
      assertClose({
        label: variable,
        shape: [expected.length],
        actual: cut.weights.get(variable) ?? [],
        expected,
        tolerance: EXACT,
      });
    }
  });
}

test.run();
