// A layer of zeros before a "valid" convolution: the convolution pads by itself, with the same results and gradients, and
// the zeros are never written.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { Net } from "../../src/engine/layers/net.ts";
import { zeroPadding2d } from "../../src/engine/layers/shaping.ts";
import { Variables } from "../../src/engine/layers/variables.ts";
import { conv2d as conv2dOp } from "../../src/engine/ops/conv2d/conv2d.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { zeroPadding } from "../../src/engine/ops/zero-padding.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { assertClose, f32 } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("padded convolution");

const X = [3, 6, 5, 4] as const;
const PADDING = [
  [2, 1],
  [0, 2],
] as const;

/** y and dx, once through layers and once through the two ops. */
async function results(through: "layers" | "ops", kernelSize: number) {
  const device = await gpu();
  const data = (size: number, seed: number) => Float32Array.from(randomArray(size, seed));
  const rec = new Recorder({ name: through, capabilities: device });
  const variables = new Variables(3);
  const net = new Net({ rec, variables, training: true, clock: null });
  const x = device.tensor(X, "x", data(3 * 6 * 5 * 4, 1));
  rec.watch(x);
  const padded = zeroPadding2d({ padding: PADDING })(net, x);
  const layer = conv2d({ filters: 8, kernelSize, strides: 2, activation: "tanh", name: "conv" });
  let y = layer(net, padded);
  if (through === "ops") {
    const [w, b] = [...variables].map(({ tensor }) => tensor);
    if (!w || !b) throw new Error("no weights");
    const attrs = { strides: [2, 2], padding: "valid", activation: "tanh" } as const;
    y = apply(rec, conv2dOp, [apply(rec, zeroPadding, [x], { padding: PADDING }), w, b], attrs);
  }
  const dy = device.tensor(
    y.shape,
    "dy",
    data(3000, 2).slice(
      0,
      y.shape.reduce((a, c) => a * c),
    ),
  );
  const dx = recordGradients(rec, new Map([[y, dy]])).get(x);
  if (!dx) throw new Error("no gradient");
  for (const tensor of [y, dx]) rec.keep(tensor);
  variables.materialise(device);
  const executable = await Executable.compile(device, rec.finish());
  executable.run();
  const ops = new Set(executable.dispatches.map(({ op }) => op));
  return { ops, tensors: [y, dx], values: [await executable.read(y), await executable.read(dx)] };
}

for (const kernelSize of [3, 4]) {
  test(`a window of ${kernelSize}`, async () => {
    const folded = await results("layers", kernelSize);
    const plain = await results("ops", kernelSize);
    assert.is(folded.ops.has("zero-padding"), false);
    assert.is(plain.ops.has("zero-padding"), true);
    for (const [index, { label, shape }] of folded.tensors.entries()) {
      const actual = folded.values[index] ?? [];
      const expected = plain.values[index] ?? [];
      assertClose({ label, shape, actual, expected, tolerance: f32(64) });
    }
  });
}

test("padding wider than the window stays a layer", async () => {
  const { ops } = await results("layers", 2);
  assert.is(ops.has("zero-padding"), true);
});

test.run();
