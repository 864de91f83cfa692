// The exercises of docs/learn that a page grades: each begins with a shader that compiles and is wrong, and what the course has as its
// solution holds.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import solution from "../../docs/learn/solutions/leaky-relu.wgsl";
import { shaderFrom } from "../../src/engine/core/kernel.ts";
import { isRight } from "../../src/inspect/edit/edit-trial.ts";
import { EXERCISES, startOf } from "../../src/inspect/edit/exercises/exercises.ts";
import { gradeLeakyRelu, LEAKY_RELU } from "../../src/inspect/edit/exercises/leaky-relu.ts";
import { shaderUses } from "../../src/inspect/edit/shader-uses.ts";
import { tryEdit } from "../../src/inspect/edit/try-edit.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("edit exercises");
const QUICK = { most: 3, rounds: 1, hostWork: 2e4 };

for (const exercise of EXERCISES.filter(({ file }) => file !== LEAKY_RELU.file)) {
  test(`${exercise.title} begins wrong, and compiles`, async () => {
    const device = await gpu();
    const step = { model: lenet5(), data: uploadDataset(device, smallDataset(20)), batchSize: 10 };
    const use = shaderUses(device, step).find(({ shader }) => shader.file === exercise.file);
    const start = use && startOf(exercise, use.shader);
    if (!start) throw new Error(`${exercise.file} has what is cut out`);
    const shader = shaderFrom(exercise.file, start);
    const { verdict, message } = await tryEdit(device, { shader, step, ...QUICK });
    assert.is(verdict, "wrong", message);
  });
}

async function graded(text: string) {
  return gradeLeakyRelu(await gpu(), shaderFrom(LEAKY_RELU.file, text));
}

test("leaky ReLU: the course's solution holds, what the exercise begins with does not", async () => {
  const { verdict, message, checks } = await graded(solution.text);
  assert.is(verdict, "holds", message);
  assert.ok(checks.length > 30);
  const start = await graded(LEAKY_RELU.text);
  assert.is(start.verdict, "wrong");
  const right = start.checks.filter(isRight);
  assert.ok(right.length < start.checks.length / 2);
});

const FORWARD = "y[i] = select(params.slope * x[i], x[i], x[i] > vec4f(0.0));";

test("leaky ReLU: planted faults are found, each by what is about it", async () => {
  for (const [from, to, what] of [
    ["dy[i], x[i] > vec4f(0.0)", "dy[i], dy[i] > vec4f(0.0)", /backward .*elements/],
    [FORWARD, "y[i] = max(x[i], params.slope * x[i]);", /forward .*slope 2/],
    [FORWARD, `${FORWARD} y[i] = select(vec4f(0.0), y[i], abs(y[i]) > vec4f(0.0));`, /NaN/],
    ["i += params.stride", "i += 64u", /3 invocations/],
  ] as const) {
    assert.ok(solution.text.includes(from), from);
    const { verdict, checks, message } = await graded(solution.text.replace(from, to));
    assert.is(verdict, "wrong", `${to}: ${message}`);
    const wrong = checks.filter((check) => !isRight(check));
    assert.ok(
      wrong.some((check) => what.test(`${check.of} ${check.what}`)),
      `${to}: ${message}`,
    );
  }
});

test("leaky ReLU: what does not compile, or asks for other tensors, is told at its line", async () => {
  const broken = await graded(LEAKY_RELU.text.replace("x[i], x[i]", "x[i], z[i]"));
  assert.is(broken.verdict, "compile");
  const line = LEAKY_RELU.text.split("\n").findIndex((one) => one.includes("x[i], x[i]")) + 1;
  assert.is(broken.faults[0]?.line, line);
  const other = await graded(LEAKY_RELU.text.replace("y[i] = select(", "y[i] = dy[i] + select("));
  assert.match(other.message, /forward: is given .*, got dy at 3 to read$/);
});

test.run();
