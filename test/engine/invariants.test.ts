// What is computed of variables alone, and kept from replay to replay: which dispatches those are, that they do not run again before a
// variable is written or a kernel is edited, by whatever way, and that nobody else's tensors lie where it is kept.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Device } from "../../src/engine/core/device.ts";
import { persistentTensor, type Tensor } from "../../src/engine/core/tensor.ts";
import { addTensors } from "../../src/engine/ops/add.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { invariantsOf } from "../../src/engine/program/invariants.ts";
import { plan } from "../../src/engine/program/planner.ts";
import { type Program, writesOf } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { Workspace } from "../../src/engine/program/workspace.ts";
import { gpu } from "../support/gpu.ts";

const test = suite("invariants");
const KEEPS = { keepsInvariants: true };
const CAPABILITIES = { subgroupSize: null, isSoftware: true };

interface Doubled {
  readonly program: Program;
  readonly double: Tensor;
  readonly y: Tensor;
}

/** y = x + 2 (w + w), w being a variable and x none. */
function doubled(w: Tensor, x: Tensor): Doubled {
  const rec = new Recorder({ name: "doubled", capabilities: CAPABILITIES });
  rec.variables.push({ name: "w", trainable: true, tensor: w });
  const before = addTensors(rec, x, x, "before");
  const double = addTensors(rec, w, w, "double");
  const y = addTensors(rec, before, addTensors(rec, double, double, "fourfold"), "y");
  rec.keep(y);
  rec.keep(double);
  return { program: rec.finish(), double, y };
}

const labels = (program: Program) =>
  [...invariantsOf(program, program.dispatches).dispatches]
    .flatMap(writesOf)
    .map(({ label }) => label);

const variable = (label: string) => persistentTensor([4], label);

test("are those that read variables alone, and what comes of them alone", () => {
  const { program } = doubled(variable("w"), variable("x"));
  assert.equal(labels(program), ["double", "fourfold"]);
  const { results, sources } = invariantsOf(program, program.dispatches);
  assert.is(results.size, 2);
  assert.equal([...sources], [program.variables[0]?.tensor.storage]);
});

test("are none where the program writes the variable, something persistent, or a place twice", () => {
  const w = variable("w");
  const recorded = (record: (rec: Recorder) => void) => {
    const rec = new Recorder({ name: "none", capabilities: CAPABILITIES });
    rec.variables.push({ name: "w", trainable: true, tensor: w });
    record(rec);
    return labels(rec.finish());
  };
  assert.equal(
    recorded((rec) => addTensors(rec, w, w, "free")),
    ["free"],
  );
  const isWritten = recorded((rec) => {
    const double = addTensors(rec, w, w, "double");
    rec.alias(addTensors(rec, double, double, "new w"), w.storage, 0);
  });
  assert.equal(isWritten, []);
  const total = variable("total");
  const isPersistent = recorded((rec) => rec.alias(addTensors(rec, w, w, "sum"), total.storage, 0));
  assert.equal(isPersistent, []);
  const isShared = recorded((rec) => {
    const both = rec.allocate([8], "both");
    for (const offset of [0, 16]) rec.alias(addTensors(rec, w, w, "half"), both.storage, offset);
  });
  assert.equal(isShared, []);
});

test("keep slots of their own, and only where that is asked for", () => {
  const { program, double } = doubled(variable("w"), variable("x"));
  assert.is(plan(program).invariants.dispatches.size, 0);
  assert.is(
    plan(program, { keepsInvariants: true, sharesSlots: false }).invariants.dispatches.size,
    0,
  );
  const { lives } = plan(program, KEEPS);
  const slots = [...lives.values()].map(({ slot }) => slot).filter((slot) => slot !== null);
  const own = lives.get(double.storage)?.slot ?? null;
  assert.is(slots.filter((slot) => slot === own).length, 1);
});

/** Its program on the device, and what y is now. */
async function opened(device: Device, workspace = new Workspace(device)) {
  const w = device.tensor([4], "w", new Float32Array(4).fill(1));
  const x = device.tensor([4], "x", new Float32Array(4).fill(10));
  const { program, double, y } = doubled(w, x);
  const executable = await Executable.compile(device, program, workspace, KEEPS);
  const now = async () => {
    executable.run(2);
    return (await executable.read(y))[0];
  };
  return { w, x, double, executable, now };
}

test("run again once a variable was written, by whatever way, and not before", async () => {
  const device = (await gpu()).scope();
  const { w, x, double, executable, now } = await opened(device);
  assert.is(await now(), 24);
  device.write(x, new Float32Array(4).fill(100));
  assert.is(await now(), 204);
  // What nobody does but a test: a value that shows whether it was computed anew.
  const forged = new Uint8Array(new Float32Array(4).fill(-1).buffer);
  executable.write(double, forged);
  assert.is(await now(), 204, "fourfold is kept");

  device.write(w, new Float32Array(4).fill(2));
  assert.is(await now(), 208);
  const other = device.tensor([4], "other", new Float32Array(4).fill(3));
  device.copy(device.placeOf(other), 16, w, 0);
  assert.is(await now(), 212);

  const rec = new Recorder({ name: "writer", capabilities: CAPABILITIES });
  rec.alias(addTensors(rec, other, other, "sum"), w.storage, 0);
  const writer = await Executable.compile(device, rec.finish());
  const ways: readonly (() => Promise<void> | void)[] = [
    () => writer.run(),
    () => writer.runRange({}),
    () => writer.runSlowly(() => true),
  ];
  for (const [index, way] of ways.entries()) {
    device.write(other, new Float32Array(4).fill(index + 4));
    await way();
    assert.is(await now(), 200 + 8 * (index + 4), String(index));
  }
  device.destroy();
});

test("run again once their kernel was edited", async () => {
  const device = (await gpu()).scope({ ownKernels: true });
  const { executable, now } = await opened(device);
  assert.is(await now(), 24);
  const [dispatch] = executable.dispatches;
  if (!dispatch) throw new Error("unreachable");
  const { shader } = dispatch.kernel;
  const text = shader.text.replace("a[i] + b[i]", "a[i] - b[i]");
  assert.is.not(text, shader.text);
  await device.kernels.edit({ ...shader, text });
  assert.is(await now(), 0, "w - w, and x - x");
  await device.kernels.restore(shader.file);
  assert.is(await now(), 24);
  device.destroy();
});

test("are not written over by another program of the same workspace", async () => {
  const device = (await gpu()).scope();
  const workspace = new Workspace(device);
  const first = await opened(device, workspace);
  assert.is(await first.now(), 24);
  const second = await opened(device, workspace);
  device.write(second.w, new Float32Array(4).fill(50));
  assert.is(await second.now(), 220);
  assert.is(await first.now(), 24);
  first.executable.dispose();
  assert.is(await second.now(), 220);
  device.destroy();
});

test.run();
