// Chapter 6: two steps of Adam on four weights, its corrections, and the size of LeNet-5's update.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { numberOf } from "../../bench/learn/chapter.ts";
import { recordStep } from "../../bench/recorded-step.ts";
import { sizeOf } from "../../src/engine/core/shape.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { assertClose, f32 } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { ChapterCheck } from "./chapter-check.ts";

const test = suite("learn: adam");
const check = new ChapterCheck("06-adam.md");

const RATE = 0.1;
const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-7];

interface State {
  readonly w: readonly number[];
  readonly m: readonly number[];
  readonly v: readonly number[];
}

function stepped({ w, m, v }: State, g: readonly number[], t: number): State {
  const alpha = (RATE * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t);
  const mean = m.map((old, i) => old + ((g[i] ?? 0) - old) * (1 - BETA1));
  const square = v.map((old, i) => old + ((g[i] ?? 0) ** 2 - old) * (1 - BETA2));
  const moved = w.map(
    (old, i) => old - (alpha * (mean[i] ?? 0)) / (Math.sqrt(square[i] ?? 0) + EPSILON),
  );
  return { w: moved, m: mean, v: square };
}

/** Adam on the device; a step takes a gradient, and returns w, m and v. */
async function adamOnDevice(start: readonly number[]) {
  const device = await gpu();
  const flat = (label: string, values: readonly number[] = [0, 0, 0, 0]) =>
    device.tensor([4], label, Float32Array.from(values));
  const [w, dw, m, v] = [flat("w", start), flat("dw"), flat("m"), flat("v")];
  const learningRate = device.tensor([1], "rate", Float32Array.of(RATE));
  const state = device.tensor([2], "state");
  const rec = new Recorder({ name: "adam", capabilities: device });
  const rule = adam();
  rule.recordStep(rec, state);
  rule.recordUpdate(rec, { w, dw, slots: [m, v], learningRate, state });
  const executable = await Executable.compile(device, rec.finish());
  return async (g: readonly number[]) => {
    device.write(dw, Float32Array.from(g));
    executable.run();
    const read = async (tensor: typeof w) => [...(await executable.read(tensor))];
    return { w: await read(w), m: await read(m), v: await read(v), c: await read(state) };
  };
}

test("two steps by hand are those of loops and of the kernel", async () => {
  const { values: w0 } = check.given("w0");
  const step = await adamOnDevice(w0);
  let state: State = { w: w0, m: [0, 0, 0, 0], v: [0, 0, 0, 0] };
  for (const t of [1, 2]) {
    const { values: g } = check.given(`g${t}`);
    state = stepped(state, g, t);
    const device = await step(g);
    check.computed(`w${t}`, { loops: state.w, kernels: device.w });
    check.computed(`m${t}`, { loops: state.m, kernels: device.m });
    if (t === 1) check.computed("v1", { loops: state.v, kernels: device.v });
  }
  assert.is(state.w[3], 0);
  check.says(`with a rate of ${RATE}`);
  const g = check.given("g1").values;
  check.says(`by about the rate, ${RATE}, whether the gradient was ${g[1]} or −${-(g[2] ?? 0)}`);
});

test("the corrections by hand are those of the recurrence, in float64 and on the device", async () => {
  const step = await adamOnDevice([1, 1, 1, 1]);
  let [c1, c2] = [0, 0];
  for (const [t, ...printed] of check.chapter.table("t").map((row) => row.map(numberOf))) {
    const shape = [2];
    const tolerance = { relative: 0, absolute: 1e-15 };
    const expected = [1 - BETA1 ** (t ?? 0), 1 - BETA2 ** (t ?? 0)];
    assertClose({ label: `c, step ${t}`, shape, actual: printed, expected, tolerance });
    assertClose({ label: `c, recurrence`, shape, actual: [c1, c2], expected, tolerance });
    [c1, c2] = [c1 * BETA1 + (1 - BETA1), c2 * BETA2 + (1 - BETA2)];
    if (t === 0) continue;
    const { c } = await step([1, 1, 1, 1]);
    assertClose({ label: "c, device", shape, actual: c, expected, tolerance: f32(1) });
  }
});

test("sums add up, and the power is as wrong as is told", () => {
  check.sums();
  const printed = check.chapter.sums.find(({ name }) => name === "power")?.parts ?? [];
  assert.is(printed[0], `1 − ${Math.fround(BETA2).toFixed(10)}`);
  const power = Math.fround(1 - Math.fround(BETA2));
  assert.is(printed[1], power.toFixed(10));
  const error = Math.abs(power / (1 - BETA2) - 1);
  assert.ok(error > 1e-5 && error < 1e-4, "the fifth digit");
  check.says(`nearest float32 to ${BETA2} is a little larger`);
});

test("LeNet-5's update is one dispatch of the size that is told", () => {
  const { program, plan } = recordStep();
  const updates = plan.dispatches.filter(({ pass }) => pass === "update");
  assert.equal(
    updates.map(({ kernel }) => kernel.label),
    ["adam/advance", "adam/update"],
  );
  const weights = program.variables.reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0);
  const words = updates[1]?.params["vectors"] ?? 0;
  const [all, four] = [weights, words].map((n) => n.toLocaleString("en"));
  check.says(`for LeNet-5 ${all} weights in ${four} words of four`);
  assert.is(program.variables.length, 10);
});

test("nothing is left unchecked", () => check.nothingLeft());

test.run();
