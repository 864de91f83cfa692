// Gathers everything that the inspector's page shows of one step. The profile comes from the step as it runs; errors and values from the
// same step with a place for every tensor, which therefore runs once to be verified and once to be walked through.

import type { Device } from "../../engine/core/device.ts";
import { type Plan, reasonOf } from "../../engine/program/planner.ts";
import { captureState, restoreState } from "../../train/step-state.ts";
import type { Profile } from "../profile/profile-schema.ts";
import { type OpenStep, openStep, type StepSetup } from "../step.ts";
import { unitsOf } from "../units.ts";
import { type Check, isWithin, type Verification, verifyStep } from "../verify/verify.ts";
import { flowOf } from "./flow.ts";
import type { ErrorView, InspectorDocument, JourneyView } from "./inspector-document.ts";
import { kernelViews } from "./kernel-views.ts";
import { layerViews, lifeViews, siteViews } from "./model-views.ts";
import { RungClock, solutionView } from "./solution-views.ts";
import { boundTensors, storageIds, tensorKey, walkThrough } from "./tensor-views.ts";

export type InspectStage = "verifying" | "walking";

export interface InspectRequest {
  readonly device: Device;
  /** Of the step that was profiled; its rungs included. */
  readonly setup: StepSetup;
  readonly profile: Profile;
  /** As the profiled step is laid out. */
  readonly plan: Plan;
  /** Where model and weights come from, in words. */
  readonly source: string;
  readonly journeys: readonly JourneyView[];
  /** Lines of a source file; null where it cannot be read. */
  readonly readLines: (file: string) => Promise<readonly string[] | null>;
  /** For measuring rungs that were not taken, in all. Default 20 seconds. */
  readonly rungsMs?: number;
  readonly onStage?: ((stage: InspectStage, done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export async function inspectStep(request: InspectRequest): Promise<InspectorDocument> {
  const { device, setup, profile, plan, source, journeys, readLines } = request;
  const step = await openStep(device, { ...setup, plan: { sharesSlots: false } });
  try {
    const { dispatches } = step.executable;
    const verification = await verified(request, step);
    const ids = storageIds();
    const bound = boundTensors(dispatches, ids);
    const { tensors, times } = await walkThrough({
      ...{ step, tensors: [...bound.values()] },
      clock: new RungClock(device, request.rungsMs ?? 20_000),
      onDispatch: (done, total) => request.onStage?.("walking", done, total),
      signal: request.signal,
    });
    const places = new Map([...bound.keys()].map((key, index) => [key, index]));
    const flow = flowOf(dispatches);
    const kernels = kernelViews(dispatches, step.device.kernels.edits);
    const errors = errorsOf(verification, unitsOf(dispatches));
    const { program } = step;
    const solutions = program.solutions.map((solution) =>
      solutionView(solution, {
        ...{ dispatches, capabilities: program.capabilities },
        times: times.get(solution) ?? new Map(),
      }),
    );
    return {
      ...{ title: program.name, source, profile, tensors, solutions, journeys },
      dispatches: dispatches.map((dispatch) => ({
        id: dispatch.id,
        kernel: kernels.indexOf(dispatch.kernel),
        bindings: Object.fromEntries(
          Object.entries(dispatch.bindings).map(([name, { tensor }]) => {
            return [name, places.get(tensorKey(tensor, ids)) ?? 0];
          }),
        ),
        params: dispatch.params,
        producers: flow.producers.get(dispatch.id) ?? [],
        consumers: flow.consumers.get(dispatch.id) ?? [],
        solution: dispatch.solution && program.solutions.indexOf(dispatch.solution),
        errors: errors.get(dispatch.id) ?? [],
      })),
      kernels: kernels.views,
      layers: layerViews(program),
      sites: await siteViews(program, readLines),
      memory: lifeViews(plan),
      dropped: plan.dropped.map((one) => ({
        ...{ id: one.dispatch.id, kernel: one.dispatch.kernel.label, reason: reasonOf(one) },
      })),
    };
  } finally {
    step.close();
  }
}

/** Verification runs the step; what it starts from is put back. */
async function verified(request: InspectRequest, step: OpenStep): Promise<Verification> {
  const { device, program, executable } = step;
  const state = await captureState(device, program);
  const verification = await verifyStep(device, executable, {
    onUnit: (done, total) => request.onStage?.("verifying", done, total),
    ...(request.signal && { signal: request.signal }),
  });
  restoreState(device, program, state);
  return verification;
}

/** By dispatch: those of the unit that it belongs to. */
function errorsOf(
  { checks }: Verification,
  units: ReturnType<typeof unitsOf>,
): ReadonlyMap<number, readonly ErrorView[]> {
  const errors = new Map<number, readonly ErrorView[]>();
  for (const { dispatches } of units) {
    const first = dispatches[0]?.id;
    const found = checks.filter(({ id }) => id === first).map(errorView);
    for (const { id } of dispatches) errors.set(id, found);
  }
  return errors;
}

function errorView(check: Check): ErrorView {
  const { against, tensor, worst } = check;
  return {
    ...{ against, tensor, isWithin: isWithin(check) },
    worstAbsolute: finite(worst?.absolute),
    worstRelative: finite(worst?.relative),
    worstUlp: finite(worst?.ulp),
    bound: finite(worst?.bound),
  };
}

/** JSON has no infinity, which is how far a NaN is off. */
function finite(value: number | null | undefined): number {
  return Math.min(value ?? 0, Number.MAX_VALUE);
}
