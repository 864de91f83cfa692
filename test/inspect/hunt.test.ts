// The proof of the hunter: planted faults, each of which it must name: the layer, the kernel, the element, the rows.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Device } from "../../src/engine/core/device.ts";
import { kernelFrom } from "../../src/engine/core/kernel.ts";
import { variablesOf } from "../../src/engine/layers/model.ts";
import type { Weights } from "../../src/engine/layers/variables.ts";
import { gatherBatch } from "../../src/engine/ops/gather.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { type Culprit, hunt, huntSteps } from "../../src/inspect/hunt/hunt.ts";
import { type OpenStep, openStep, type StepSetup } from "../../src/inspect/step.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { huntLines } from "../../src/report/text/hunt-text.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { captureState, restoreState } from "../../src/train/step-state.ts";
import { gpu } from "../support/gpu.ts";
import { compileForLooking, plantFault } from "../support/plant-fault.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("hunt");

const DATASET = smallDataset(60);
const MODEL = lenet5();

async function setup(more: Partial<StepSetup> = {}): Promise<StepSetup> {
  const data = uploadDataset(await gpu(), DATASET);
  const plan = { sharesSlots: false };
  return { model: MODEL, data, kind: "train", batchSize: 10, plan, ...more };
}

async function open(more: Partial<StepSetup> = {}): Promise<OpenStep> {
  return openStep(await gpu(), await setup(more));
}

/** Initial weights with some of them changed. */
function weights(change: Readonly<Record<string, (values: Float32Array) => void>>): Weights {
  const initial = variablesOf(MODEL, 1).initialWeights();
  for (const [name, edit] of Object.entries(change)) {
    const values = initial.get(name);
    assert.ok(values, name);
    if (values) edit(values);
  }
  return initial;
}

function found(culprit: Culprit | null): Culprit {
  assert.ok(culprit, "a culprit is found");
  if (!culprit) throw new Error("unreachable");
  return culprit;
}

const text = (culprit: Culprit) => huntLines(culprit, process.cwd()).join("\n");

test("a step whose numbers are all finite has no culprit", async () => {
  const step = await open();
  assert.is(await huntSteps(step.device, step.executable, { steps: 5 }), null);
  step.close();
});

test("a NaN weight: who reads it first, and that it was there before", async () => {
  const odd = weights({
    "conv2d_1/kernel": (values) => {
      values[37] = Number.NaN;
    },
  });
  const step = await open({ weights: odd });
  const culprit = found(await huntSteps(step.device, step.executable, { steps: 3 }));
  assert.equal([culprit.step, culprit.isMade, culprit.clock], [1, false, 0]);
  assert.equal(culprit.dispatch.layers, ["conv2d_1"]);
  assert.is(culprit.dispatch.pass, "forward");
  assert.match(culprit.dispatch.kernel.label, /^conv2d\//);
  assert.match(culprit.dispatch.site ?? "", /src\/models\/lenet5\.ts:\d+$/);
  assert.equal([culprit.tensor.label, culprit.index], ["conv2d_1/kernel", 37]);
  assert.equal(culprit.coordinates, [0, 0, 2, 5]);
  assert.ok(Number.isNaN(culprit.value));
  assert.is(culprit.range.nonFinite, 1);
  assert.match(
    text(culprit),
    /^conv2d_1\/kernel\[0, 0, 2, 5\] was NaN before the step; first read/,
  );
  step.close();
});

test("a learning rate of 1e5: found from the state before, with where the numbers grew", async () => {
  const request = await setup({ learningRate: 1e5, batchSize: 5 });
  const step = await openStep(await gpu(), request);
  const state = await captureState(step.device, step.program);
  step.executable.run(12);
  const culprit = found(await hunt(await gpu(), request, state, { steps: 12 }));
  assert.ok(culprit.step > 1 && culprit.step <= 12);
  assert.ok(culprit.isMade);
  assert.is(culprit.clock, culprit.step - 1);
  for (const { range } of culprit.inputs) assert.is(range.nonFinite, 0);
  // The step before it, from the same state, leaves finite numbers only; and this one does not.
  restoreState(step.device, step.program, state);
  const before = culprit.step - 1;
  assert.is(await huntSteps(step.device, step.executable, { steps: before }), null);
  assert.is(found(await huntSteps(step.device, step.executable)).dispatch.id, culprit.dispatch.id);
  const largest = culprit.growth.map((growth) => growth.largest);
  assert.ok(Math.max(...largest) > 1e15, largest.join());
  assert.is(culprit.growth[0]?.dispatch, null);
  const told = text(culprit);
  assert.match(told, /\n {2}grew .* before the step\n/);
  if (culprit.variable) assert.match(told, `(${culprit.variable.name}[`);
  step.close();
});

test("a kernel that overflows for one row: the row, in the batch and in the data", async () => {
  const step = await open();
  const program = plantFault(step.program, {
    kernel: "pool/pool2d/forward",
    from: "= pooled(at, oh, at.column);",
    to: "= (pooled(at, oh, at.column) + 1.0) * select(1.0, 1e38, at.n == 3u) * 1e4;",
    where: ({ layers }) => layers[0] === "max_pooling2d_1",
  });
  const executable = await compileForLooking(step.device, program);
  const culprit = found(await huntSteps(step.device, executable, { steps: 2 }));
  assert.equal([culprit.step, culprit.isMade], [1, true]);
  assert.equal(culprit.dispatch.layers, ["max_pooling2d_1"]);
  assert.is(culprit.dispatch.kernel.label, "pool/pool2d/forward");
  assert.is(culprit.tensor.label, "max_pooling2d_1.y");
  assert.is(culprit.coordinates[0], 3);
  assert.is(culprit.value, Number.POSITIVE_INFINITY);
  assert.equal(culprit.rows, [{ row: 3, dataRow: 3 }]);
  assert.match(text(culprit), "rows       3 (row 3 of the data)");
  step.close();
});

test("log of 0 in a wrong loss: the rows whose label has lost all its probability", async () => {
  const odd = weights({
    "dense_2/bias": (values) => {
      values[4] = -300;
    },
  });
  const step = await open({ weights: odd });
  const program = plantFault(step.program, {
    kernel: "softmax-cross-entropy/forward",
    from: "loss_here = log_1_plus(rest) + depth;",
    to: "loss_here = -log(exp(-depth) / (1.0 + rest));",
  });
  const executable = await compileForLooking(step.device, program);
  const culprit = found(await huntSteps(step.device, executable));
  assert.equal([culprit.isMade, culprit.tensor.label], [true, "loss.rowLoss"]);
  assert.is(culprit.dispatch.kernel.label, "softmax-cross-entropy/forward");
  assert.equal(culprit.dispatch.layers, ["dense_2", "loss", "dense_1"]);
  assert.is(culprit.value, Number.POSITIVE_INFINITY);
  const labelled = [...DATASET.labels.subarray(0, 10).entries()];
  const rows = labelled.flatMap(([row, label]) => (label === 4 ? [{ row, dataRow: row }] : []));
  assert.ok(rows.length > 0);
  assert.equal(culprit.rows, rows);
  step.close();
});

const OVERFLOW = {
  file: "overflow",
  text: `
struct Params { rows: u32, columns: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;
@compute @workgroup_size(64) fn halve(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < params.rows * params.columns) { y[id.x] = 0.5 * x[id.x]; }
}
@compute @workgroup_size(64) fn sum_exp(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.columns) { return; }
  var sum = 0.0;
  for (var row = 0u; row < params.rows; row++) { sum += exp(x[row * params.columns + id.x]); }
  sums[id.x] = sum;
}
@compute @workgroup_size(64) fn sum(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.columns) { return; }
  var total = 0.0;
  for (var row = 0u; row < params.rows; row++) { total += 2e37 * x[row * params.columns + id.x]; }
  sums[id.x] = total;
}`,
};

/** Halves x (6, 3), and sums over its rows with a kernel of OVERFLOW. */
function handMade(device: Device, entry: "sum_exp" | "sum", rows: readonly number[]) {
  const x = device.tensor([6, 3], "x", Float32Array.from(rows.flatMap((value) => [1, value, 2])));
  const order = device.tensor([6], "order", Uint32Array.of(5, 4, 3, 2, 1, 0), "u32");
  const clock = device.tensor([2], "clock", undefined, "u32");
  const labels = device.tensor([6], "labels", undefined, "u8");
  const rec = new Recorder({ name: "hand-made", capabilities: device });
  const feed = { source: { kind: "features", parts: [x] } as const, labels, order, clock };
  const { x: batch } = gatherBatch(rec, feed, { batch: 6, inputShape: [3] });
  const half = rec.allocate([6, 3], "half");
  const sums = rec.allocate([3], "sums");
  const params = { rows: 6, columns: 3 };
  const grid = [1, 1, 1] as const;
  const kernel = (name: string) => kernelFrom(OVERFLOW, name);
  const shared = { op: "overflow", grid, params };
  rec.inLayer("halve", () =>
    rec.dispatch({ ...shared, kernel: kernel("halve"), bind: { x: batch, y: half } }),
  );
  rec.inLayer("sum", () => {
    rec.dispatch({ ...shared, kernel: kernel(entry), bind: { x: half, sums } });
  });
  const kept = device.tensor([3], "kept");
  rec.dispatch({
    ...shared,
    kernel: kernel("halve"),
    bind: { x: sums, y: kept },
    params: { rows: 1, columns: 3 },
  });
  return compileForLooking(device, rec.finish());
}

test("a hand-made kernel that sums over rows: the row that overflows by itself", async () => {
  const device = (await gpu()).scope();
  const executable = await handMade(device, "sum_exp", [1, 2, 3, 400, 5, 6]);
  const culprit = found(await huntSteps(device, executable));
  assert.equal(
    [culprit.dispatch.layers, culprit.dispatch.kernel.label],
    [["sum"], "overflow/sum_exp"],
  );
  assert.equal([culprit.tensor.label, culprit.coordinates], ["sums", [1]]);
  // The order is reversed: the fourth row of the data is the third of the batch.
  assert.equal(culprit.rows, [{ row: 2, dataRow: 3 }]);
  assert.equal([culprit.inputs[0]?.range.least, culprit.inputs[0]?.range.most], [0.5, 200]);
  device.destroy();
});

test("a sum that overflows though no row does", async () => {
  const device = (await gpu()).scope();
  const executable = await handMade(device, "sum", [8, 8, 8, 8, 8, 8]);
  const culprit = found(await huntSteps(device, executable));
  assert.is(culprit.dispatch.kernel.label, "overflow/sum");
  assert.equal(culprit.rows, []);
  assert.match(text(culprit), "no row does it alone; their sum does");
  device.destroy();
});

test("a state is put back bit by bit, and one of another step is refused", async () => {
  const step = await open();
  step.executable.run(2);
  const state = await captureState(step.device, step.program);
  step.executable.run(2);
  const after = await captureState(step.device, step.program);
  restoreState(step.device, step.program, state);
  assert.equal(await captureState(step.device, step.program), state);
  step.executable.run(2);
  assert.equal(await captureState(step.device, step.program), after);
  assert.throws(
    () => restoreState(step.device, step.program, state.slice(1)),
    /state: must be of the step lenet5\.train\.10, got/,
  );
  step.close();
});

test.run();
