// Runs one way of computing one problem on one adapter, and compares with loops on the processor: every bit, because all numbers
// are small integers whose sums float32 holds exactly.

import type { Device } from "../../src/engine/core/device.ts";
import type { Shape } from "../../src/engine/core/shape.ts";
import { persistentTensor, type Tensor } from "../../src/engine/core/tensor.ts";
import { variantsOf } from "../../src/engine/ops/ladders.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import type { Capabilities, Dispatch, Program } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { Guard, GuardedRecorder } from "./guarded.ts";

/** What is to come out of a run, by loops. */
export interface Wanted {
  readonly tensor: Tensor;
  readonly values: () => Float64Array;
}

/** Where a problem's tensors are made. */
export interface Room {
  /** A tensor of the numbers that `data` makes, or one that is still to be written. */
  tensor(shape: Shape, label: string, data?: () => Float32Array, dtype?: "f32" | "f16"): Tensor;
}

/** One problem: how it is put to a ladder or an op, and what is to come out. */
export interface BenchProblem {
  /** `257×129×67, transposed a`. */
  readonly label: string;
  /** Makes the inputs, records what solves it, and says what is to come out. */
  readonly record: (rec: Recorder, room: Room) => readonly Wanted[];
  /** Of results that are no integers (tanh), the relative error; default none is allowed. */
  readonly tolerance?: number;
  /** What the recording supposes of the adapter beside what the run does. */
  readonly capabilities?: Partial<Capabilities>;
}

/** The same with all that is given stored as f16, which holds small integers as they are; what comes out is f32. */
export function inHalves(problem: BenchProblem): BenchProblem {
  return {
    ...problem,
    label: `${problem.label} f16`,
    record: (rec, room) =>
      problem.record(rec, {
        tensor: (shape, label, data) => room.tensor(shape, label, data, data ? "f16" : "f32"),
      }),
  };
}

/** Rungs of a ladder, and variants of those, that can take a problem. */
export interface Ways {
  /** From naive upwards. */
  readonly rungs: readonly string[];
  readonly variants: readonly string[];
}

/** Those of the problem's own ladder; none where it is on no ladder. */
export function waysOf(problem: BenchProblem, ladder: string, capabilities: Capabilities): Ways {
  const rec = new Recorder({ name: problem.label, capabilities, rungs: { [ladder]: "naive" } });
  problem.record(rec, {
    tensor: (shape, label, _, dtype) => persistentTensor(shape, label, dtype),
  });
  const solution = rec.finish().solutions.find((one) => one.ladder === ladder);
  if (!solution) return { rungs: [], variants: [] };
  return { rungs: solution.fitting, variants: variantsOf(solution, capabilities) };
}

/** Rungs that divide by three, so that integers do not stay integers: what they may be off by, of the largest element. */
const INEXACT: Readonly<Record<string, number>> = { winograd4: 1e-5 };

export interface CheckRequest {
  readonly device: Device;
  readonly problem: BenchProblem;
  readonly capabilities: Capabilities;
  readonly rungs?: Readonly<Record<string, string>>;
  /** Changes the recorded program before it runs: plants a fault. */
  readonly alter?: (program: Program) => Program;
}

export interface CheckResult {
  /** What is wrong, in words; empty where all is well. */
  readonly faults: readonly string[];
  readonly dispatches: readonly Dispatch[];
}

export async function checkCase(request: CheckRequest): Promise<CheckResult> {
  const { problem, rungs = {}, alter = (program) => program } = request;
  const capabilities = { ...request.capabilities, ...problem.capabilities };
  const ofLargest = Math.max(0, ...Object.values(rungs).map((rung) => INEXACT[rung] ?? 0));
  const tolerances = { tolerance: problem.tolerance ?? 0, ofLargest };
  const device = request.device.scope();
  const guard = new Guard(device);
  try {
    const rec = new GuardedRecorder({ name: problem.label, capabilities, rungs }, guard);
    const wanted = problem.record(rec, guard);
    for (const { tensor } of wanted) rec.keep(tensor);
    const executable = await Executable.compile(device, alter(rec.finish()));
    executable.run();
    const faults = await Promise.all(
      wanted.map(async (one) => differenceOf(one, await guard.read(one.tensor), tolerances)),
    );
    const breaches = await guard.breaches();
    return {
      faults: [...faults.filter((text) => text !== null), ...breaches],
      dispatches: executable.dispatches,
    };
  } catch (error) {
    // A kernel that does not compile is a finding like any other, told by its first lines.
    const text = error instanceof Error ? error.message : String(error);
    return { faults: [text.split("\n").slice(0, 3).join(" ")], dispatches: [] };
  } finally {
    device.destroy();
  }
}

/** The first element that differs, and how many do. */
function differenceOf(
  wanted: Wanted,
  actual: Float32Array,
  { tolerance, ofLargest }: { readonly tolerance: number; readonly ofLargest: number },
): string | null {
  const { tensor } = wanted;
  const values = wanted.values();
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const differs = (index: number) => {
    const [is, should] = [actual[index] ?? Number.NaN, values[index] ?? Number.NaN];
    const room = tolerance * Math.max(1, Math.abs(should)) + ofLargest * largest;
    return !(Math.abs(is - should) <= room);
  };
  const wrong = Array.from(values.keys()).filter(differs);
  const [first] = wrong;
  if (first === undefined) return null;
  const [is, should] = [actual[first], values[first]];
  const of = `${wrong.length} of ${values.length} elements`;
  return `${tensor.label} (${tensor.shape}): ${of} differ, [${first}] is ${is} and should be ${should}`;
}
