// A real inspector's document of a small training step, made once for all tests of a process.

import type { Dataset } from "../../src/data/dataset.ts";
import { type Model, variablesOf } from "../../src/engine/layers/model.ts";
import { inspectStep } from "../../src/inspect/inspector/inspect-step.ts";
import type { InspectorDocument } from "../../src/inspect/inspector/inspector-document.ts";
import { journeys } from "../../src/inspect/inspector/journeys.ts";
import { profileStep } from "../../src/inspect/profile/profile.ts";
import { openStep, type StepSetup } from "../../src/inspect/step.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { gpu } from "./gpu.ts";
import { smallDataset } from "./small-data.ts";

export const MODEL: Model = lenet5();
export const WEIGHTS = variablesOf(MODEL, 9).initialWeights();
export const TEST_ROWS: Dataset = smallDataset(12, 2);

let made: Promise<InspectorDocument> | null = null;

export function inspected(): Promise<InspectorDocument> {
  made ??= make();
  return made;
}

export async function stepSetup(): Promise<StepSetup> {
  const data = uploadDataset(await gpu(), smallDataset(20));
  return { model: MODEL, data, kind: "train", batchSize: 10, weights: WEIGHTS, seed: 9 };
}

async function make(): Promise<InspectorDocument> {
  const device = await gpu();
  const setup = await stepSetup();
  const step = await openStep(device, setup);
  const request = {
    step,
    model: "lenet5",
    kind: "train",
    batch: 10,
    rungs: {},
    samples: 2,
  } as const;
  const profile = await profileStep(request);
  const { plan } = step.executable;
  step.close();
  return await inspectStep({
    ...{ device, setup, profile, plan, source: "seed 9" },
    journeys: await journeys({
      ...{ device, model: MODEL, weights: WEIGHTS, seed: 9, test: TEST_ROWS, rows: [3, 0] },
    }),
    readLines: async () => Array.from({ length: 200 }, (_, i) => `line ${i + 1}`),
  });
}
