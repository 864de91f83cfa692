// Chapter 6: two steps of Adam on four weights, its corrections, and the size of LeNet-5's update.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { numberOf } from "../../bench/learn/chapter.ts";
import { recordStep } from "../../bench/recorded-step.ts";
import { sizeOf } from "../../src/engine/core/shape.ts";
import { assertClose, f32 } from "../support/close.ts";
import { adamLoops, adamOnDevice, BETA1, BETA2, RATE } from "./adam-steps.ts";
import { ChapterCheck } from "./chapter-check.ts";

const test = suite("learn: adam");
const check = new ChapterCheck("06-adam.md");

test("two steps by hand are those of loops and of the kernel", async () => {
  const { values: w0 } = check.given("w0");
  const step = await adamOnDevice(w0);
  const gradients = ["g1", "g2"].map((name) => check.given(name).values);
  const states = adamLoops(w0, gradients);
  for (const [index, state] of states.entries()) {
    const t = index + 1;
    const device = await step(gradients[index] ?? []);
    check.computed(`w${t}`, { loops: state.w, kernels: device.w });
    check.computed(`m${t}`, { loops: state.m, kernels: device.m });
    if (t === 1) check.computed("v1", { loops: state.v, kernels: device.v });
  }
  assert.is(states.at(-1)?.w[3], 0);
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
