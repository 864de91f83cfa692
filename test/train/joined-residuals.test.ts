// Residual connections that the product before them adds: the same bits in fewer dispatches, only where nothing else needs the product by
// itself, and right on every rung.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { concatenateBranches } from "../../src/engine/layers/merging.ts";
import { type Model, sequential } from "../../src/engine/layers/model.ts";
import type { Layer } from "../../src/engine/layers/net.ts";
import { globalAveragePooling2d } from "../../src/engine/layers/pooling.ts";
import { addBranches } from "../../src/engine/layers/shaping.ts";
import type { Dispatch } from "../../src/engine/program/program.ts";
import { openStep, programOfStep, type StepSetup } from "../../src/inspect/step.ts";
import { verifyStep } from "../../src/inspect/verify/verify.ts";
import { createModel } from "../../src/models/models.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";
import { assertRight, open, RIGHT } from "../support/verified-step.ts";

const test = suite("joined residuals");

/** x + a product of x; of as many channels as x, with a bias or without. */
function block(filters: number, useBias: boolean): Layer {
  return (net, x) => {
    const inner = conv2d({ filters, kernelSize: 3, padding: "same", activation: "relu" })(net, x);
    const y = conv2d({ filters, kernelSize: 1, useBias })(net, inner);
    return addBranches(net, [x, y]);
  };
}

/** Two products, one of which the other is added to. */
function projected(filters: number): Layer {
  return (net, x) => {
    const shortcut = conv2d({ filters, kernelSize: 1 })(net, x);
    const inner = conv2d({ filters, kernelSize: 3, padding: "same", activation: "relu" })(net, x);
    return addBranches(net, [shortcut, conv2d({ filters, kernelSize: 1 })(net, inner)]);
  };
}

/** Sums whose products are wanted by themselves, or come after an activation, or are added to themselves. */
function kept(filters: number): Layer {
  return (net, x) => {
    const y = conv2d({ filters, kernelSize: 1 })(net, x);
    const both = concatenateBranches(net, [addBranches(net, [x, y]), y]);
    const curved = conv2d({ filters: 2 * filters, kernelSize: 1, activation: "tanh" })(net, both);
    const sum = addBranches(net, [both, curved]);
    return addBranches(net, [sum, sum]);
  };
}

function residual(): Model {
  const layers = [
    conv2d({ filters: 8, kernelSize: 3, strides: 4, activation: "relu" }),
    block(8, true),
    projected(7),
    block(7, false),
    kept(7),
    globalAveragePooling2d(),
    dense({ units: 10, activation: "softmax" }),
  ];
  return { ...sequential("residual", [28, 28, 1], layers), preprocessing: "unit" };
}

/** Of its six sums, those that no product takes on. */
const LEFT = 3;

const isSum = ({ kernel }: Dispatch) => kernel.label === "add/forward";
const isForward = ({ pass }: Dispatch) => pass === "forward";

async function stepOf(setup: Pick<StepSetup, "kind" | "joinsResiduals">) {
  const device = await gpu();
  const data = uploadDataset(device, smallDataset(40));
  const step = await openStep(device, { model: residual(), data, batchSize: 20, ...setup });
  step.executable.run(2);
  const { persistent, kept: results } = step.program;
  const bytes: Uint8Array[] = [];
  for (const storage of persistent) {
    const shape = [storage.bytes / 4];
    const whole = { label: storage.label, shape, dtype: "u32", storage } as const;
    bytes.push(new Uint8Array(await step.device.read(whole)));
  }
  for (const tensor of results) bytes.push(new Uint8Array(await step.executable.readBytes(tensor)));
  const { dispatches } = step.executable;
  step.close();
  return { bytes, dispatches };
}

for (const kind of ["train", "predict"] as const) {
  test(`${kind}: the same bits, and a dispatch less for each`, async () => {
    const joined = await stepOf({ kind });
    const apart = await stepOf({ kind, joinsResiduals: false });
    assert.equal(joined.bytes, apart.bytes);
    // Gradients of one tensor are added by products, too.
    const sums = (dispatches: readonly Dispatch[]) => dispatches.filter(isSum).length;
    const fewer = sums(apart.dispatches) - sums(joined.dispatches);
    assert.is(joined.dispatches.length, apart.dispatches.length - fewer);
    assert.is(fewer, kind === "train" ? 6 : 3);
    assert.is(apart.dispatches.filter(isForward).filter(isSum).length, LEFT + 3);
    assert.is(joined.dispatches.filter(isForward).filter(isSum).length, LEFT);
    const products = joined.dispatches.filter(({ bindings }) => bindings["residual"]);
    for (const { kernel, layers, solution } of products.filter(isForward)) {
      assert.ok(kernel.label.startsWith("gemm/"), kernel.label);
      assert.is(layers.length, 2, layers.join());
      assert.is(solution?.ladder, "gemm");
    }
  });
}

test("every rung adds the residual, as verified against float64", async () => {
  const step = await open({ model: residual(), kind: "predict" });
  const found = await verifyStep(step.device, step.executable, { ...RIGHT, everyRung: true });
  assertRight(found);
  const rungs = found.checks.filter(
    ({ ladder, kernels }) => ladder === "gemm" && kernels.length === 1,
  );
  const tried = [...new Set(rungs.map(({ rung }) => rung))].sort();
  assert.equal(tried, ["naive", "subgroup", "tiled"]);
  step.close();
});

test("ResNet152V2's residual connections cost no dispatch of their own", async () => {
  const device = await gpu();
  const dataset = { ...smallDataset(2) };
  const data = uploadDataset(device, dataset);
  const model = createModel({ name: "resnet152v2", classes: 10 });
  const count = (joinsResiduals: boolean) =>
    programOfStep(device, { model, data, kind: "predict", batchSize: 2, joinsResiduals })
      .dispatches;
  const [joined, apart] = [count(true), count(false)];
  assert.is(apart.filter(isSum).length, 50);
  assert.is(joined.filter(isSum).length, 0);
  assert.is(joined.length, apart.length - 50);
});

test.run();
