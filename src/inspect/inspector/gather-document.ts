// From a step that is asked for to all that the inspector's page shows of it: compiled, timed, followed by images, verified, walked through.

import type { Dataset } from "../../data/dataset.ts";
import type { Plan } from "../../engine/program/planner.ts";
import type { CompileEvents } from "../../train/fit-events.ts";
import { profileStep } from "../profile/profile.ts";
import type { Profile } from "../profile/profile-schema.ts";
import { type OpenStep, openStep } from "../step.ts";
import { type InspectRequest, inspectStep } from "./inspect-step.ts";
import type { InspectorDocument } from "./inspector-document.ts";
import { differentRows, journeys, judgedBy, tellingRows } from "./journeys.ts";

export interface GatherRequest
  extends Omit<InspectRequest, "profile" | "plan" | "journeys" | "onStage">,
    CompileEvents {
  /** What the model is called. */
  readonly model: string;
  /** Default: as the setup says. */
  readonly open?: () => Promise<OpenStep>;
  /** Rows whose images go through the network. */
  readonly test: Dataset;
  /** Which of them; or how many, of different classes. */
  readonly images: readonly number[] | number;
  /** Whether one that the network mistakes is to be among those: what random weights mistake says nothing. */
  readonly isTrained: boolean;
  /** In words, and the share that is done, from 0 to 1. */
  readonly onStage?: (words: string, share: number) => void;
}

const STAGES = { verifying: "checking kernels", walking: "reading tensors" } as const;

export async function gatherDocument(request: GatherRequest): Promise<InspectorDocument> {
  const { device, setup, test, isTrained, images, signal, onStage, source, readLines } = request;
  const { model, weights = new Map(), seed = 1 } = setup;
  const { profile, plan } = await profiled(request);
  const about = { device, signal, model, weights, seed, test, ...judgedBy(setup) };
  const rows =
    typeof images !== "number"
      ? images
      : isTrained
        ? await tellingRows(about, images)
        : differentRows(test, images);
  const ways = await journeys({
    ...about,
    rows,
    onRow: (done, total) => onStage?.("following images", done / total),
  });
  const { rungsMs } = request;
  return await inspectStep({
    ...{ device, setup, profile, plan, signal, journeys: ways, source, readLines },
    ...(rungsMs === undefined ? {} : { rungsMs }),
    onStage: (stage, done, total) => onStage?.(STAGES[stage], done / total),
  });
}

/** Runs the step once, which compiles its kernels, and times it. */
async function profiled(
  request: GatherRequest,
): Promise<{ readonly profile: Profile; readonly plan: Plan }> {
  const { device, setup, signal, onStage, onCompile, onCompiled, model } = request;
  const { rungs = {}, batchSize: batch = 0, kind } = setup;
  const step = await (request.open?.() ?? openStep(device, setup));
  try {
    const { length: total } = step.executable.dispatches;
    await step.executable.runSlowly(({ kernel }, index) => {
      signal?.throwIfAborted();
      onCompile?.(kernel.label, index, total);
      return true;
    });
    onCompiled?.(total);
    const profile = await profileStep(
      { step, batch, rungs, signal, model, kind },
      {
        onStage: (stage, done, count) => {
          const words = stage === "dispatches" ? "timing dispatches" : "measuring ceilings";
          onStage?.(words, done / count);
        },
      },
    );
    return { profile, plan: step.executable.plan };
  } finally {
    step.close();
  }
}
