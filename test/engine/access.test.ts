// What a kernel does with its bindings, as it is read from the text, and as it is found out by running every dispatch of two
// networks' steps: what a binding of access `write` held before makes no difference to what is written, and what is only
// read is left as it was.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { firstRows } from "../../src/data/dataset.ts";
import type { Device } from "../../src/engine/core/device.ts";
import { bindingsOf } from "../../src/engine/core/wgsl.ts";
import type { Model } from "../../src/engine/layers/model.ts";
import { variablesOf } from "../../src/engine/layers/model.ts";
import { createMeters } from "../../src/engine/ops/metrics.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { OptimizerState } from "../../src/engine/optim/optimizer-state.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import type { Bound, Dispatch } from "../../src/engine/program/program.ts";
import { Workspace } from "../../src/engine/program/workspace.ts";
import { BACKBONES } from "../../src/models/backbones.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { createFeed, rewindFeed, uploadDataset } from "../../src/train/device-data.ts";
import { recordTrainStep } from "../../src/train/programs.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("access");

const TEXT = `
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;
@group(0) @binding(4) var<storage, read_write> counts: array<atomic<u32>>;
@group(0) @binding(5) var<storage, read_write> partial: array<f32>;
// y[0] in a comment is no use: y[1] + y[2]
fn store(i: u32, value: f32) { y[i / 4u][i % 4u] = value; }
fn elsewhere() { store(0u, partial[0]); }
@compute @workgroup_size(1) fn map() {
  if (arrayLength(&y) == 0u && params.n == 0u) { return; }
  y[idx[0]].x = x[0];
  store(1u, x[1]);
}
@compute @workgroup_size(1) fn add() { sums[0] += x[0]; }
@compute @workgroup_size(1) fn again() { sums[0] = sums[1] + x[0]; }
@compute @workgroup_size(1) fn count() { atomicAdd(&counts[0], 1u); }
@compute @workgroup_size(1) fn reduce() { elsewhere(); }
`;

const accesses = (entry: string) =>
  Object.fromEntries(bindingsOf(TEXT, entry).map(({ name, access }) => [name, access]));

test("an entry point's bindings are those that it and its functions use", () => {
  assert.equal(accesses("map"), { params: null, x: "read", y: "write" });
  assert.equal(accesses("add"), { x: "read", sums: "update" });
  assert.equal(accesses("again"), { x: "read", sums: "update" });
  assert.equal(accesses("count"), { counts: "update" });
});

test("what is only read is told so, however it is declared", () => {
  assert.equal(accesses("reduce"), { y: "write", partial: "read" });
  const partial = bindingsOf(TEXT, "reduce").find(({ name }) => name === "partial");
  assert.is(partial?.kind, "read_write");
});

const POISON = [0x7f, 0x2a];

for (const [name, model] of [
  ["LeNet-5", lenet5({ dropout: 0.5 })],
  ["ResNet50V2", classifierOf("resnet50v2")],
] as const) {
  test(`every dispatch of ${name}'s step does what is said of it`, async () => {
    const device = await gpu();
    const scope = device.scope();
    const executable = await compileStep(scope, model);
    for (const dispatch of executable.dispatches) {
      const before = await contents(executable, dispatch);
      const written: Map<string, Uint8Array>[] = [];
      for (const byte of POISON) {
        fill(executable, dispatch, { before, byte });
        executable.runRange({ from: dispatch.id, to: dispatch.id + 1 });
        written.push(await contents(executable, dispatch));
      }
      check(dispatch, before, written);
    }
    scope.destroy();
    device.check();
  });
}

function classifierOf(name: "resnet50v2"): Model {
  const model = BACKBONES[name].build({ inputShape: [32, 32, 3], classes: 10 });
  return { ...model, preprocessing: "tf" };
}

async function compileStep(device: Device, model: Model): Promise<Executable> {
  const variables = variablesOf(model, 1);
  const optimizer = new OptimizerState(adam(), 1e-3);
  const dataset = smallDataset(20);
  const feed = createFeed(device, uploadDataset(device, dataset), {
    ...{ capacity: dataset.rows, batch: dataset.rows, label: "train" },
  });
  rewindFeed(device, feed, firstRows(dataset.rows));
  const meters = createMeters(device, 10);
  const request = { model, variables, feed, meters, batch: 4, capabilities: device };
  const program = recordTrainStep(request, optimizer);
  variables.materialise(device);
  optimizer.materialise(device);
  const options = { sharesSlots: false };
  const executable = await Executable.compile(device, program, new Workspace(device), options);
  executable.run();
  return executable;
}

async function contents(executable: Executable, { bindings }: Dispatch) {
  const found = new Map<string, Uint8Array>();
  for (const [name, { tensor }] of Object.entries(bindings)) {
    found.set(name, new Uint8Array(await executable.readBytes(tensor)));
  }
  return found;
}

interface Filling {
  readonly before: ReadonlyMap<string, Uint8Array>;
  readonly byte: number;
}

/** Restores what the dispatch reads or updates, and fills what it writes with a byte of no meaning. */
function fill(executable: Executable, { bindings }: Dispatch, { before, byte }: Filling): void {
  for (const [name, { tensor, access }] of Object.entries(bindings)) {
    const old = before.get(name) ?? new Uint8Array();
    const bytes = access === "write" ? new Uint8Array(old.length).fill(byte) : old.slice();
    executable.write(tensor, bytes);
  }
}

function check(
  { id, kernel, bindings }: Dispatch,
  before: ReadonlyMap<string, Uint8Array>,
  [first, second]: readonly ReadonlyMap<string, Uint8Array>[],
): void {
  for (const [name, bound] of Object.entries(bindings) as [string, Bound][]) {
    const label = `#${id} ${kernel.label} ${name}`;
    const [a, b] = [first?.get(name), second?.get(name)];
    if (!(a && b)) throw new Error("unreachable");
    if (bound.access === "read") assert.equal(a, before.get(name), `${label} is left alone`);
    // A byte that was not written keeps the filling; any other is the same, whatever lay there before.
    const strays = a.findIndex(
      (byte, i) => byte !== b[i] && !(byte === POISON[0] && b[i] === POISON[1]),
    );
    assert.is(strays, -1, `${label} does not depend on what lay there`);
  }
}

test.run();
