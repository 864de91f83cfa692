// A step's document for the inspector's page, for tests that hold it against the step; its profile is short, since no test looks at
// its times.

import type { Model } from "../../src/engine/layers/model.ts";
import { inspectStep } from "../../src/inspect/inspector/inspect-step.ts";
import type { InspectorDocument } from "../../src/inspect/inspector/inspector-document.ts";
import { profileStep } from "../../src/inspect/profile/profile.ts";
import { openStep, type StepKind, type StepSetup } from "../../src/inspect/step.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { gpu } from "./gpu.ts";
import { smallDataset } from "./small-data.ts";

export const BATCH = 6;

export interface Inspected {
  readonly setup: StepSetup;
  readonly document: InspectorDocument;
  /** Gathers it once more, with the same profile. */
  readonly again: (rungsMs?: number) => Promise<InspectorDocument>;
}

export async function inspected(
  model: Model,
  kind: StepKind,
  rungs: Readonly<Record<string, string>> = {},
): Promise<Inspected> {
  const device = await gpu();
  const data = uploadDataset(device, smallDataset(40));
  const setup: StepSetup = { model, data, kind, rungs, batchSize: BATCH, seed: 7 };
  const step = await openStep(device, setup);
  const about = { model: model.name, kind, batch: BATCH, rungs };
  const profile = await profileStep({ step, ...about, method: "replays", samples: 2 });
  const { plan } = step.executable;
  step.close();
  const again = (rungsMs = 4000) =>
    inspectStep({
      ...{ device, setup, profile, plan, rungsMs, source: "a test", journeys: [] },
      readLines: async () => Array.from({ length: 2000 }, (_, index) => `line ${index + 1}`),
    });
  return { setup, again, document: await again() };
}
