// Times the cases, variant by variant. A result is checked once before it is timed: against the first variant, or, where
// there is only one, against itself (the same bits twice) and for being finite; the tests prove those kernels.

import type { Device } from "../../engine/core/device.ts";
import { VitrineError } from "../../engine/core/errors.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import { Executable } from "../../engine/program/executor.ts";
import type { Dispatch } from "../../engine/program/program.ts";
import { Recorder } from "../../engine/program/recorder.ts";
import { Workspace } from "../../engine/program/workspace.ts";
import type { Ceilings } from "../profile/bandwidths.ts";
import { type Timing, timeProgram } from "../profile/time-program.ts";
import { shareOfCeiling, totalWork, workOf } from "../profile/work.ts";
import { type BenchCase, makeInputs } from "./bench-case.ts";

export interface KernelResult {
  readonly name: string;
  readonly variant: string;
  readonly shape: string;
  /** Median milliseconds. */
  readonly ms: number;
  /** Quartiles. */
  readonly lower: number;
  readonly upper: number;
  readonly p90: number;
  /** Least, which neighbours on the machine disturb least. */
  readonly best: number;
  /** Of multiply-adds with anything but padding. */
  readonly gflops: number | null;
  readonly gbs: number | null;
  /** Of what its dispatches take at least by the adapter's ceilings, from 0 to 1. */
  readonly share: number;
  readonly dispatches: number;
}

/** Times the variants of a case that the adapter has. */
export async function* timeCase(
  device: Device,
  benchCase: BenchCase,
  ceilings: Ceilings,
): AsyncIterable<KernelResult> {
  const scope = device.scope();
  const workspace = new Workspace(scope);
  const inputs = makeInputs(scope, benchCase.inputs);
  let expected: Float32Array | null = null;
  for (const variant of benchCase.variants) {
    const built = await compileVariant(scope, { benchCase, variant, inputs, workspace });
    if (!built) continue;
    const { executable, output } = built;
    executable.run();
    const actual = await executable.read(output);
    expected ??= actual;
    checkAgainst(`${benchCase.name} ${variant}`, actual, expected);
    const timing = await timeProgram(device, executable);
    const { dispatches } = executable;
    yield result(benchCase, { variant, timing, dispatches }, ceilings);
  }
  scope.destroy();
}

/** Median milliseconds of a case on the rung that its ladder takes by itself. */
export async function timeTaken(device: Device, benchCase: BenchCase): Promise<number> {
  const scope = device.scope();
  try {
    const taken = { ...benchCase, ladder: null };
    const inputs = makeInputs(scope, benchCase.inputs);
    const workspace = new Workspace(scope);
    const built = await compileVariant(scope, {
      ...{ benchCase: taken, variant: "taken", inputs, workspace },
    });
    if (!built) throw new VitrineError(`bench ${benchCase.name}: no rung suits this adapter`);
    return (await timeProgram(device, built.executable)).median;
  } finally {
    scope.destroy();
  }
}

interface Variant {
  readonly benchCase: BenchCase;
  readonly variant: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly workspace: Workspace;
}

/** Null when the adapter or the shape does not suit the variant. */
async function compileVariant(
  device: Device,
  { benchCase, variant, inputs, workspace }: Variant,
): Promise<{ executable: Executable; output: Tensor } | null> {
  const rungs = benchCase.ladder ? { [benchCase.ladder]: variant } : {};
  const rec = new Recorder({ name: benchCase.name, capabilities: device, rungs });
  try {
    const output = benchCase.build(rec, inputs);
    rec.keep(output);
    return { executable: await Executable.compile(device, rec.finish(), workspace), output };
  } catch (error) {
    if (error instanceof VitrineError && error.message.includes("no rung")) return null;
    throw error;
  }
}

function checkAgainst(name: string, actual: Float32Array, expected: Float32Array): void {
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  for (const [index, value] of actual.entries()) {
    const error = Math.abs(value - (expected[index] ?? Number.NaN));
    if (error <= 1e-4 * scale + 1e-6) continue;
    throw new VitrineError(
      `bench ${name}: disagrees with the first variant, got ${value} at ${index} for ${expected[index]}`,
    );
  }
}

function result(
  { name, shape, work }: BenchCase,
  timed: {
    readonly variant: string;
    readonly timing: Timing;
    readonly dispatches: readonly Dispatch[];
  },
  ceilings: Ceilings,
): KernelResult {
  const { variant, dispatches } = timed;
  const { median: ms, lower, upper, p90, min: best } = timed.timing;
  const { flops, bytes } = totalWork(dispatches.map(workOf));
  const gflops = "flops" in work ? flops / ms / 1e6 : null;
  const gbs = "bytes" in work ? bytes / ms / 1e6 : null;
  const share = shareOfCeiling(dispatches, ms, ceilings);
  return {
    ...{ name, variant, shape, ms, lower, upper, p90, best },
    ...{ gflops, gbs, share, dispatches: dispatches.length },
  };
}
