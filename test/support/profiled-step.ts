// LeNet-5's training step, opened and profiled once for all tests that look at a profile.

import { profileStep } from "../../src/inspect/profile/profile.ts";
import type { Profile } from "../../src/inspect/profile/profile-schema.ts";
import type { TimingMethod } from "../../src/inspect/profile/step-samples.ts";
import { type OpenStep, openStep, type StepKind } from "../../src/inspect/step.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { gpu } from "./gpu.ts";
import { smallDataset } from "./small-data.ts";

const BATCH = 50;

export async function openLenet(
  kind: StepKind = "train",
  rungs: Readonly<Record<string, string>> = {},
): Promise<OpenStep> {
  const device = await gpu();
  const data = uploadDataset(device, smallDataset(200));
  return openStep(device, { model: lenet5(), data, kind, batchSize: BATCH, rungs });
}

export interface Profiled {
  readonly step: OpenStep;
  readonly profile: Profile;
}

const known = new Map<TimingMethod, Promise<Profiled>>();

export function profiledLenet(method: TimingMethod): Promise<Profiled> {
  const found = known.get(method) ?? profileAnew(method);
  known.set(method, found);
  return found;
}

async function profileAnew(method: TimingMethod): Promise<Profiled> {
  const step = await openLenet();
  const about = { model: "lenet5", kind: "train", batch: BATCH, rungs: {} } as const;
  return { step, profile: await profileStep({ step, ...about, method, samples: 7 }) };
}
