// The executor: what may be read after a run, programs without shared slots, parts of a program, and kernels that are told
// apart by their text.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Device } from "../../src/engine/core/device.ts";
import { kernelFrom } from "../../src/engine/core/kernel.ts";
import type { Tensor } from "../../src/engine/core/tensor.ts";
import { addTensors } from "../../src/engine/ops/add.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import type { Program } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { Workspace } from "../../src/engine/program/workspace.ts";
import { gpu } from "../support/gpu.ts";

const test = suite("executor");

interface Chain {
  readonly program: Program;
  readonly one: Tensor;
  /** 2, 3, … of `one`. */
  readonly sums: readonly Tensor[];
}

/** 1 + 1, + 1, …; the last sum is kept. */
function chain(device: Device, length: number): Chain {
  const rec = new Recorder({ name: "chain", capabilities: device });
  const one = device.tensor([4], "one", new Float32Array([1, 10, 100, 1000]));
  const sums: Tensor[] = [];
  for (let i = 0; i < length; i++) {
    sums.push(addTensors(rec, sums.at(-1) ?? one, one, `sum${i}`));
  }
  for (const tensor of sums.slice(-1)) rec.keep(tensor);
  return { program: rec.finish(), one, sums };
}

async function firstOf(executable: Executable, tensor: Tensor | undefined): Promise<number> {
  if (!tensor) throw new Error("unreachable");
  return (await executable.read(tensor))[0] ?? Number.NaN;
}

test("what was not kept is refused, not read from a slot that others share", async () => {
  const device = await gpu();
  const { program, one, sums } = chain(device, 6);
  const executable = await Executable.compile(device, program);
  executable.run();
  assert.is(await firstOf(executable, sums[5]), 7);
  assert.is(await firstOf(executable, one), 1);
  await executable.read(sums[0] ?? one).then(
    () => assert.unreachable(),
    ({ message, help }) => {
      assert.is(message, "executor: only kept tensors can be read after chain, got sum0");
      assert.match(help, "without shared slots");
    },
  );
  const stranger = chain(device, 1).sums[0] ?? one;
  await executable.read(stranger).then(
    () => assert.unreachable(),
    ({ message }) => assert.is(message, "executor: sum0 is not part of program chain"),
  );
});

test("without shared slots every tensor is there afterwards", async () => {
  const device = await gpu();
  const { program, sums } = chain(device, 6);
  const shared = await Executable.compile(device, program);
  const options = { sharesSlots: false };
  const whole = await Executable.compile(device, program, new Workspace(device), options);
  assert.is(shared.plan.slotBytes.length, 2);
  assert.is(whole.plan.slotBytes.length, 6);
  whole.run();
  for (const [i, sum] of sums.entries()) assert.is(await firstOf(whole, sum), i + 2);
});

test("a part of a program runs on what is there", async () => {
  const device = await gpu();
  const { program, sums } = chain(device, 4);
  const options = { sharesSlots: false };
  const executable = await Executable.compile(device, program, new Workspace(device), options);
  executable.runRange({ to: 2 });
  assert.equal(await Promise.all(sums.map((sum) => firstOf(executable, sum))), [2, 3, 0, 0]);
  executable.runRange({ from: 3 });
  assert.equal(await Promise.all(sums.map((sum) => firstOf(executable, sum))), [2, 3, 0, 1]);
  executable.runRange({ from: 2, to: 3 });
  executable.runRange({ from: 3, to: 4 });
  assert.equal(await Promise.all(sums.map((sum) => firstOf(executable, sum))), [2, 3, 4, 5]);
});

test("a program frees what is its own", async () => {
  const device = (await gpu()).scope();
  const { program, sums } = chain(device, 2);
  const executable = await Executable.compile(device, program);
  executable.dispose();
  executable.dispose();
  const again = await Executable.compile(device, program);
  again.run();
  assert.is(await firstOf(again, sums[1]), 3);
  device.destroy();
});

/** y[0] = value, under one label whatever the value. */
function setter(value: number) {
  const text = `
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1) fn assign() { y[0] = ${value}f; }
`;
  return kernelFrom({ file: "test/setter", text }, "assign");
}

test("kernels of one label and two texts are two kernels", async () => {
  const device = await gpu();
  const rec = new Recorder({ name: "setters", capabilities: device });
  const results = [3, 5].map((value) => {
    const y = rec.allocate([1], `y${value}`);
    rec.dispatch({ op: "test", kernel: setter(value), grid: [1, 1, 1], bind: { y } });
    rec.keep(y);
    return y;
  });
  const executable = await Executable.compile(device, rec.finish());
  executable.run();
  assert.is(await firstOf(executable, results[0]), 3);
  assert.is(await firstOf(executable, results[1]), 5);
});

test.run();
