// Verifies the step that a training is about to take, on a copy of everything that the step starts from: the training itself goes on
// untouched.

import type { Device } from "../../engine/core/device.ts";
import type { Program } from "../../engine/program/program.ts";
import { captureState, restoreState } from "../../train/step-state.ts";
import { openStep, type StepSetup } from "../step.ts";
import { type Verification, type VerifyOptions, verifyStep } from "../verify/verify.ts";

/** `program`: the training's own step; `setup`: its model, data, batch size, optimiser and rungs. */
export async function verifyNext(
  device: Device,
  program: Program,
  setup: Omit<StepSetup, "kind" | "plan">,
  options: VerifyOptions = {},
): Promise<Verification> {
  const state = await captureState(device, program);
  const step = await openStep(device, { ...setup, kind: "train", plan: { sharesSlots: false } });
  try {
    restoreState(step.device, step.program, state);
    await step.bringRows();
    return await verifyStep(step.device, step.executable, options);
  } finally {
    step.close();
  }
}
