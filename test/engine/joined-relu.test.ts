// ReLU after normalisation in inference is one kernel with it, and yet nothing changes for whoever else reads what was
// normalised, keeps it, or asks for gradients through it.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Tensor } from "../../src/engine/core/tensor.ts";
import { batchNormalization } from "../../src/engine/layers/batch-normalization.ts";
import { Net } from "../../src/engine/layers/net.ts";
import { activation, addBranches } from "../../src/engine/layers/shaping.ts";
import { Variables } from "../../src/engine/layers/variables.ts";
import { activation as activationOp } from "../../src/engine/ops/activation.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { assertClose, f32 } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("joined relu");

const SHAPE = [3, 4, 5, 8] as const;
const ROWS = 3 * 4 * 5;

/** relu(n) + n of a normalised n, kept, with its gradients; the relu once as a layer, once as an op that joins nothing. */
async function results(relu: "layer" | "op") {
  const device = await gpu();
  const data = (seed: number) => Float32Array.from(randomArray(8 * ROWS, seed));
  const rec = new Recorder({ name: relu, capabilities: device });
  const variables = new Variables(3);
  const net = new Net({ rec, variables, training: true, clock: null });
  const x = device.tensor(SHAPE, "x", data(1));
  rec.watch(x);
  const [normalised, y] = net.inference(() => {
    const n = batchNormalization({ name: "bn" })(net, x);
    const positive =
      relu === "layer"
        ? activation({ activation: "relu", name: "relu" })(net, n)
        : apply(rec, activationOp, [n], { kind: "relu" });
    return [n, addBranches(net, [positive, n])] as const;
  });
  const gradients = recordGradients(rec, new Map([[y, device.tensor(SHAPE, "dy", data(2))]]));
  const wanted = [x, ...[...variables].filter((v) => v.trainable).map(({ tensor }) => tensor)];
  const tensors = [normalised, y, ...wanted.map((of) => gradientOf(gradients, of))];
  for (const tensor of tensors) rec.keep(tensor);
  variables.materialise(device);
  const executable = await Executable.compile(device, rec.finish());
  executable.run();
  const values: Float32Array[] = [];
  for (const tensor of tensors) values.push(await executable.read(tensor));
  const kernels = executable.dispatches.map(({ kernel }) => kernel.label);
  return { kernels, shapes: tensors.map(({ shape }) => shape), values };
}

function gradientOf(gradients: ReadonlyMap<Tensor, Tensor>, of: Tensor): Tensor {
  const gradient = gradients.get(of);
  if (!gradient) throw new Error(`no gradient of ${of.label}`);
  return gradient;
}

test("read twice and kept, forward and backward", async () => {
  const [joined, apart] = [await results("layer"), await results("op")];
  assert.is(joined.kernels.includes("activation/forward"), false);
  assert.is(apart.kernels.includes("activation/forward"), true);
  // The kept one and the joined one.
  assert.is(joined.kernels.filter((label) => label === "batch-normalization/normalize").length, 2);
  const labels = ["normalised", "y", "dx", "dgamma", "dbeta"];
  assert.is(joined.values.length, labels.length);
  for (const [index, label] of labels.entries()) {
    const [actual = [], expected = []] = [joined.values[index], apart.values[index]];
    const shape = joined.shapes[index] ?? [];
    assertClose({ label, shape, actual, expected, tolerance: f32(2 * ROWS) });
  }
});

test.run();
