// A step opened to be verified, and what verification should find: nothing, or faults that were planted and nothing else.

import * as assert from "uvu/assert";
import type { Model } from "../../src/engine/layers/model.ts";
import { type OpenStep, openStep, type StepSetup } from "../../src/inspect/step.ts";
import {
  type Check,
  isWithin,
  type Verification,
  verifyStep,
} from "../../src/inspect/verify/verify.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { gpu } from "./gpu.ts";
import { compileForLooking, type Fault, plantFault } from "./plant-fault.ts";
import { smallDataset } from "./small-data.ts";

export const RIGHT = { hostWork: 2e5 } as const;

export async function open(
  setup: Partial<StepSetup> & { readonly model: Model },
): Promise<OpenStep> {
  const device = await gpu();
  const data = uploadDataset(device, smallDataset(40));
  const plan = { sharesSlots: false };
  const step = await openStep(device, { data, kind: "train", batchSize: 6, plan, ...setup });
  // Weights, moments and statistics that a first step leaves are no longer 0 or 1.
  step.executable.run();
  step.rewind();
  return step;
}

export function assertRight({ checks, uncovered, units }: Verification): void {
  assert.equal(uncovered, []);
  assert.ok(checks.length >= units);
  for (const check of checks.filter((one) => !isWithin(one))) assert.unreachable(told(check));
}

function told({ id, kernels, tensor, rung, against, worst }: Check): string {
  return `#${id} ${kernels.join()} on ${rung} against ${against}: ${tensor} ${JSON.stringify(worst)}`;
}

/** Units run on the inputs that they had, so none is blamed for what another one does wrong. */
export async function assertFound(step: OpenStep, faults: readonly Fault[]): Promise<void> {
  const faulty = faults.reduce(plantFault, step.program);
  const executable = await compileForLooking(step.device, faulty);
  step.rewind();
  const { checks } = await verifyStep(step.device, executable, { hostWork: 2e4 });
  const wrong = checks.filter((check) => !isWithin(check));
  for (const { kernel } of faults) {
    assert.ok(
      wrong.some(({ kernels }) => kernels.includes(kernel)),
      `${kernel} is found`,
    );
  }
  for (const check of wrong) {
    assert.ok(
      faults.some(({ kernel }) => check.kernels.includes(kernel)),
      told(check),
    );
    assert.ok((check.worst?.ofBound ?? 0) > 1);
  }
}
