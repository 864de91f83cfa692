// What an answer to the exercise `leaky-relu` of docs/learn is graded by: its values and gradients by checkOp, and what else
// the project asks of an op. Each check throws with what is wrong.

import * as assert from "uvu/assert";
import { describeKernel, type Kernel } from "../../src/engine/core/kernel.ts";
import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";
import type { Tensor } from "../../src/engine/core/tensor.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import type { Dispatch } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply, type Op } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";
import { runOp } from "../support/run-op.ts";

/** What the file of an answer exports. */
export interface Answer {
  readonly leakyRelu: Op<readonly [x: Tensor], { readonly negativeSlope: number }, unknown>;
  readonly leakyReluKernels: (subgroupSize: number | null) => Iterable<Kernel>;
}

export interface Check {
  readonly name: string;
  readonly run: (answer: Answer) => Promise<void> | void;
}

const SHAPES: readonly Shape[] = [[1], [3, 5], [2, 3, 5, 7], [1, 1031]];
const SLOPES = [0.3, 0.01, 1];
const MOST_GROUPS = 65_535;

/** Throws Error for a file that does not export what the exercise asks for. */
export async function loadAnswer(url: string): Promise<Answer> {
  const answer = (await import(url)) as Partial<Answer>;
  const { leakyRelu, leakyReluKernels } = answer;
  assert.type(leakyRelu, "object", `${url} exports leakyRelu, an op`);
  assert.type(leakyReluKernels, "function", `${url} exports leakyReluKernels, a function`);
  return answer as Answer;
}

export const CHECKS: readonly Check[] = [
  ...SHAPES.flatMap((shape) =>
    SLOPES.map((negativeSlope) => ({
      name: `values and gradients over ${shape}, slope ${negativeSlope}`,
      run: (answer: Answer) => checkValues(answer, shape, negativeSlope),
    })),
  ),
  { name: "the shape of y is that of x", run: checkShape },
  { name: "a NaN passes, forward", run: checkNan },
  { name: "infinities keep their sign", run: checkInfinities },
  { name: "another slope is no other kernel", run: checkKernels },
  { name: "leakyReluKernels yields what is dispatched", run: checkListed },
  { name: "a large tensor fits into a grid", run: checkGrid },
];

function checkValues({ leakyRelu }: Answer, shape: Shape, negativeSlope: number): Promise<void> {
  // Away from 0, where it has no derivative.
  const values = randomArray(sizeOf(shape), 3).map((v) => 4 * v + Math.sign(v) / 8);
  return checkOp({
    label: "leaky-relu",
    inputs: { x: { shape, values } },
    build: (rec, { x }) => apply(rec, leakyRelu, [x], { negativeSlope }),
    reference: ({ x }) => x.map((v) => (v > 0 ? v : negativeSlope * v)),
  });
}

function checkShape({ leakyRelu }: Answer): void {
  assert.equal(leakyRelu.infer([[2, 3, 5]], { negativeSlope: 0.3 }), [2, 3, 5]);
}

async function forward({ leakyRelu }: Answer, data: readonly number[]): Promise<Float32Array> {
  const { y } = await runOp({
    inputs: { x: { shape: [data.length], data } },
    build: (rec, of) => apply(rec, leakyRelu, [of("x")], { negativeSlope: 0.5 }),
  });
  return y ?? new Float32Array();
}

async function checkNan(answer: Answer): Promise<void> {
  const y = await forward(answer, [1, Number.NaN, -2]);
  assert.equal([...y], [1, Number.NaN, -1]);
}

async function checkInfinities(answer: Answer): Promise<void> {
  const y = await forward(answer, [Infinity, -Infinity]);
  assert.equal([...y], [Infinity, -Infinity]);
}

/** Recorded only: what is dispatched for an x of that many elements. */
function recorded(
  { leakyRelu }: Answer,
  elements: number,
  negativeSlope: number,
): readonly Dispatch[] {
  const capabilities = { subgroupSize: null, isSoftware: false };
  const rec = new Recorder({ name: "grade", capabilities });
  const x = rec.allocate([elements], "x");
  rec.watch(x);
  const y = apply(rec, leakyRelu, [x], { negativeSlope });
  recordGradients(rec, new Map([[y, rec.allocate([elements], "dy")]]));
  return rec.finish().dispatches;
}

const keyOf = (kernel: Kernel) => `${kernel.entry} ${describeKernel(kernel).text}`;

/** A pipeline costs a software adapter up to seconds, so what varies travels in Params. */
function checkKernels(answer: Answer): void {
  const [some, others] = [0.3, 0.2].map((slope) => recorded(answer, 8, slope));
  const keys = (dispatches: readonly Dispatch[] = []) => dispatches.map((d) => keyOf(d.kernel));
  assert.equal(keys(some), keys(others));
}

async function checkListed(answer: Answer): Promise<void> {
  const { subgroupSize } = await gpu();
  const listed = new Set([...answer.leakyReluKernels(subgroupSize)].map(keyOf));
  const dispatched = recorded(answer, 8, 0.3);
  assert.ok(dispatched.length >= 2, "a forward and a backward dispatch");
  for (const { kernel } of dispatched) assert.ok(listed.has(keyOf(kernel)), kernel.label);
}

function checkGrid(answer: Answer): void {
  for (const { grid, kernel } of recorded(answer, 4 * 64 * MOST_GROUPS + 5, 0.3)) {
    assert.ok(Math.max(...grid) <= MOST_GROUPS, `${kernel.label}: a grid of ${grid}`);
  }
}
