// Which shader files the kernels of a step and the rungs of ladders come from: what there is to be edited, and who will notice.

import type { Device } from "../../engine/core/device.ts";
import type { Kernel } from "../../engine/core/kernel.ts";
import { entriesOf, type Shader } from "../../engine/core/wgsl.ts";
import { ladderKernels } from "../../engine/ops/ladders.ts";
import type { Dispatch } from "../../engine/program/program.ts";
import { programOfStep, STEP_KINDS } from "../step.ts";
import type { LiveStep } from "./step-checks.ts";

export interface ShaderUse {
  readonly shader: Shader;
  readonly entries: readonly string[];
  /** In the order of the steps; empty where it is only on a rung that the step does not take. */
  readonly uses: readonly KernelUse[];
}

/** One dispatch of a step. */
export interface KernelUse {
  /** `conv2d/subgroup/forward`. */
  readonly kernel: string;
  readonly step: string;
  readonly layers: readonly string[];
  /** `conv2d.forward on subgroup`; null for an op that is written in one way. */
  readonly rung: string | null;
}

/** Files of the step first, in the order in which it runs; then those of ladders. */
export function shaderUses(device: Device, step: LiveStep | null): readonly ShaderUse[] {
  const found = new Map<string, { readonly shader: Shader; readonly uses: KernelUse[] }>();
  const entryOf = ({ shader }: Kernel) => {
    const known = found.get(shader.file) ?? { shader, uses: [] };
    found.set(shader.file, known);
    return known;
  };
  for (const { kind, dispatch } of dispatchesOf(device, step)) {
    const { kernel, layers, solution } = dispatch;
    const rung = solution && `${solution.ladder} on ${solution.rung}`;
    entryOf(kernel).uses.push({ kernel: kernel.label, step: kind, layers, rung });
  }
  for (const kernel of ladderKernels(device.subgroupSize)) entryOf(kernel);
  return [...found.values()].map((one) => ({ ...one, entries: entriesOf(one.shader.text) }));
}

/** Those of the step; where it has none, one of each entry point that a rung of a ladder dispatches. */
export function kernelsOfFile(
  device: Device,
  { file, step }: { readonly file: string; readonly step: LiveStep | null },
): readonly Kernel[] {
  const live = [...dispatchesOf(device, step)].map(({ dispatch: { kernel } }) => kernel);
  const ofStep = live.filter(({ shader }) => shader.file === file);
  if (ofStep.length > 0) return ofStep;
  const byEntry = new Map<string, Kernel>();
  for (const kernel of ladderKernels(device.subgroupSize)) {
    if (kernel.shader.file === file && !byEntry.has(kernel.entry))
      byEntry.set(kernel.entry, kernel);
  }
  return [...byEntry.values()];
}

function* dispatchesOf(device: Device, step: LiveStep | null) {
  if (!step) return;
  for (const kind of STEP_KINDS) {
    const { dispatches } = programOfStep(device, { ...step, kind });
    for (const dispatch of dispatches) yield { kind, dispatch: dispatch satisfies Dispatch };
  }
}
