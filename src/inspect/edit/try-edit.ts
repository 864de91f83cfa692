// Tries an edited shader where no running step sees it: whether it compiles, whether every kernel of its file still computes what it
// should, and whether it is faster. Not what puts it into a step: that is KernelCache.edit.

import type { Device } from "../../engine/core/device.ts";
import { KernelError } from "../../engine/core/errors.ts";
import { describeKernel } from "../../engine/core/kernel.ts";
import type { Shader } from "../../engine/core/wgsl.ts";
import { awkwardChecks } from "./awkward-checks.ts";
import { timeEdit } from "./edit-timing.ts";
import { type EditCheck, type EditTrial, isRight, type Verdict } from "./edit-trial.ts";
import { kernelsOfFile } from "./shader-uses.ts";
import { type LiveStep, type StepChecks, stepChecks } from "./step-checks.ts";

export interface EditRequest {
  /** Of the file that it is to stand in for. */
  readonly shader: Shader;
  /** Model, data, batch, optimiser and weights of the running step; null where none runs. */
  readonly step: LiveStep | null;
  /** Problems of awkward shapes at most; default all. */
  readonly most?: number;
  /** Samples of a time; default 7. */
  readonly rounds?: number;
  /** Multiply-adds on the host a result in the step; default half a million. */
  readonly hostWork?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onStage?: ((words: string, share: number) => void) | undefined;
}

/** Nothing of it stays on the device. Throws what is not the edit's fault. */
export async function tryEdit(device: Device, request: EditRequest): Promise<EditTrial> {
  const trial = device.scope({ ownKernels: true });
  const shipped = device.scope({ ownKernels: true });
  try {
    for (const file of shipped.kernels.edits.keys()) await shipped.kernels.restore(file);
    return await tryOn({ trial, shipped }, request);
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return outcomeOf(request, { faults: error.faults, words: error.message });
  } finally {
    trial.destroy();
    shipped.destroy();
  }
}

interface Places {
  readonly trial: Device;
  readonly shipped: Device;
}

async function tryOn({ trial, shipped }: Places, request: EditRequest): Promise<EditTrial> {
  const { shader, step, most, rounds = 7, hostWork = 5e5, signal, onStage } = request;
  const { file } = shader;
  const stage = (words: string) => (done: number, total: number) => onStage?.(words, done / total);
  onStage?.("compiling the edit", 0);
  await compile(trial, request);
  const inStep: StepChecks = step
    ? await stepChecks({
        ...{ trial, shader, step, hostWork, signal },
        onUnit: stage("checking the edit in the step"),
      })
    : { checks: [], uncovered: [] };
  const alone = await awkwardChecks({
    ...{ trial, shipped, file, signal, ...(most === undefined ? {} : { most }) },
    onProblem: stage("checking the edit on awkward shapes"),
  });
  const found = { checks: [...inStep.checks, ...alone], uncovered: inStep.uncovered };
  const isHeld = verdictOf(found) === "holds";
  const onRound = stage("timing the edit");
  const times = isHeld ? await timeEdit({ trial, shader, step, rounds, signal, onRound }) : [];
  return outcomeOf(request, { ...found, times });
}

/** What the step dispatches of the file, before anything else is: errors are told soon. */
async function compile(trial: Device, { shader, step }: EditRequest): Promise<void> {
  const kernels = kernelsOfFile(trial, { file: shader.file, step });
  for (const kernel of kernels) await trial.kernels.pipeline(describeKernel(kernel));
  await trial.kernels.edit(shader);
}

type Findings = Partial<Omit<EditTrial, "file" | "verdict" | "message">>;

function verdictOf({ faults = [], checks = [], uncovered = [] }: Findings): Verdict {
  if (faults.length > 0) return "compile";
  if (!checks.every(isRight)) return "wrong";
  return checks.length === 0 || uncovered.length > 0 ? "unverified" : "holds";
}

/** With the verdict on what was found; `words`: why it does not compile. */
export function outcomeOf(
  { shader: { file } }: Pick<EditRequest, "shader">,
  { words, ...found }: Findings & { readonly words?: string },
): EditTrial {
  const { faults = [], checks = [], uncovered = [], times = [] } = found;
  const verdict = words === undefined ? verdictOf(found) : "compile";
  // Further lines are those around the first error, which a page shows itself.
  const message = words?.split("\n", 1)[0] ?? messageOf(verdict, file, { checks, uncovered });
  return { file, verdict, message, faults, checks, uncovered, times };
}

function messageOf(
  verdict: Verdict,
  file: string,
  {
    checks,
    uncovered,
  }: { readonly checks: readonly EditCheck[]; readonly uncovered: readonly string[] },
): string {
  if (verdict === "holds") {
    const elements = checks.reduce((sum, { checked }) => sum + checked, 0);
    return `${file}: holds, ${elements} elements in ${checks.length} checks are within what rounding explains`;
  }
  const wrong = checks.filter((check) => !isRight(check));
  const [first] = wrong;
  if (first) {
    const { of, what, tensor, against, worst } = first;
    const seen = worst
      ? `, got ${worst.got} for ${worst.expected} at [${worst.index}] against ${against}`
      : "";
    return `${file}: ${tensor} of ${of} (${what}) must be what the kernel is for${seen}`;
  }
  if (uncovered.length > 0) return `${file}: nobody has written down what ${uncovered[0]} computes`;
  return `${file}: no kernel of it is in the step or on a ladder, so nothing was checked`;
}
