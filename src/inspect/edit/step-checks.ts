// Holds every dispatch of a file's kernels within a copy of a step against what it should compute, on the inputs that it has there: a
// batch that no tile divides, and weights and moments that are no longer those of the beginning.

import type { Device } from "../../engine/core/device.ts";
import type { Shader } from "../../engine/core/wgsl.ts";
import type { Executable } from "../../engine/program/executor.ts";
import type { Dispatch } from "../../engine/program/program.ts";
import { wholeOf } from "../../train/step-state.ts";
import { openStep, programOfStep, STEP_KINDS, type StepKind, type StepSetup } from "../step.ts";
import type { Unit } from "../units.ts";
import { type Check, verifyStep } from "../verify/verify.ts";
import type { EditCheck } from "./edit-trial.ts";

export type LiveStep = Omit<StepSetup, "kind" | "plan">;

export interface StepRequest {
  /** Whose kernels are not edited yet; they are when this is over. */
  readonly trial: Device;
  readonly shader: Shader;
  readonly step: LiveStep;
  /** Multiply-adds on the host a result. */
  readonly hostWork: number;
  readonly signal?: AbortSignal | undefined;
  readonly onUnit?: ((done: number, total: number) => void) | undefined;
}

export interface StepChecks {
  readonly checks: readonly EditCheck[];
  readonly uncovered: readonly string[];
}

/** No tile and no word divides it. */
const AWKWARD_BATCH = 7;
/** Of the kernels as they were: an edited one could make numbers that nothing can be told from. */
const STEPS_BEFORE = 2;

/** Throws KernelError for a shader that a kernel of the step cannot be compiled from. */
export async function stepChecks(request: StepRequest): Promise<StepChecks> {
  const { trial, shader, step } = request;
  const batchSize = Math.min(AWKWARD_BATCH, step.data.rows);
  const all: StepChecks[] = [];
  for (const kind of STEP_KINDS) {
    const setup = { ...step, kind, batchSize, plan: { sharesSlots: false } };
    const { dispatches } = programOfStep(trial, setup);
    if (!dispatches.some((dispatch) => isOf(shader.file, dispatch))) continue;
    all.push(await checkKind(request, setup));
  }
  return {
    checks: all.flatMap(({ checks }) => checks),
    uncovered: all.flatMap(({ uncovered }) => uncovered),
  };
}

export function isOf(file: string, { kernel }: Dispatch): boolean {
  return kernel.shader.file === file;
}

async function checkKind(
  { trial, shader, hostWork, signal, onUnit }: StepRequest,
  setup: StepSetup,
): Promise<StepChecks> {
  await trial.kernels.restore(shader.file);
  const open = await openStep(trial, setup);
  try {
    open.executable.run(Math.min(STEPS_BEFORE, open.stepsPerPass, open.mostAtOnce));
    open.rewind();
    await open.bringRows();
    await trial.kernels.edit(shader);
    poison(open.executable);
    const only = ({ dispatches }: Unit) => dispatches.some((one) => isOf(shader.file, one));
    const { checks, uncovered } = await verifyStep(open.device, open.executable, {
      ...{ only, hostWork },
      ...(signal ? { signal } : {}),
      ...(onUnit ? { onUnit } : {}),
    });
    return {
      checks: checks.map((check) => checkOf(setup.kind, check)),
      uncovered: uncovered.map(({ kernels }) => kernels.join(", ")),
    };
  } finally {
    open.close();
  }
}

/** Fills all that the step computes with NaN, so that an element that a kernel leaves out shows. */
function poison(executable: Executable): void {
  for (const root of executable.plan.lives.keys()) {
    if (root.persistent) continue;
    const words = new Float32Array(root.bytes / 4).fill(Number.NaN);
    executable.write(wholeOf(root), new Uint8Array(words.buffer));
  }
}

function checkOf(kind: StepKind, check: Check): EditCheck {
  const { kernels, layers, tensor, against, checked, outside, worst } = check;
  const layer = layers.length > 0 ? `${layers.join(", ")}, ` : "";
  const of = kernels.filter((kernel, index) => kernels.indexOf(kernel) === index).join(", ");
  const what = `${layer}${kind} step of 7`;
  return { where: "step", of, what, tensor, against, checked, outside, worst };
}
