// Puts together what is known of a step: the recording's facts, the times, the ceilings, the memory plan.

import { bytesMoved, type Dispatch } from "../../engine/program/program.ts";
import type { OpenStep, StepKind } from "../step.ts";
import type { Ceilings } from "./bandwidths.ts";
import { bestOf, measureCeilings } from "./ceilings.ts";
import { memoryOf } from "./memory.ts";
import {
  PROFILE_FORMAT,
  PROFILE_VERSION,
  type Profile,
  type ProfiledDispatch,
  type ProfileTotal,
} from "./profile-schema.ts";
import { BUSY, spreadOf } from "./statistics.ts";
import { type StepTiming, type TimeStepOptions, timeStep } from "./time-step.ts";
import { leastTimes, workOf } from "./work.ts";

export interface ProfileRequest extends TimeStepOptions {
  readonly step: OpenStep;
  readonly model: string;
  readonly kind: StepKind;
  readonly batch: number;
  readonly rungs: Readonly<Record<string, string>>;
}

export type ProfileStage = "ceilings" | "dispatches" | "ceilings again";

export interface ProfileEvents {
  onStage?(stage: ProfileStage, done: number, total: number): void;
}

export async function profileStep(
  request: ProfileRequest,
  { onStage }: ProfileEvents = {},
): Promise<Profile> {
  const { step, signal } = request;
  const at = (stage: ProfileStage) => (done: number, total: number) =>
    onStage?.(stage, done, total);
  const before = await measureCeilings(step.device, { onProgress: at("ceilings"), signal });
  const timing = await timeStep(step, { ...request, onProgress: at("dispatches") });
  // Whoever takes a part of the machine takes it for a while: what one measurement missed, the other has.
  const after = await measureCeilings(step.device, { onProgress: at("ceilings again"), signal });
  return assemble(request, timing, bestOf(before, after));
}

/** Without a clock: what the figures make of one another. */
export function assemble(
  { step, model, kind, batch, rungs }: ProfileRequest,
  timing: StepTiming,
  ceilings: Ceilings,
): Profile {
  const { program, executable, device } = step;
  const dispatches = executable.dispatches.map((dispatch, index) =>
    describeDispatch(dispatch, { index, timing, ceilings }),
  );
  const { gflops, bandwidths, launchMs } = ceilings;
  return {
    format: PROFILE_FORMAT,
    version: PROFILE_VERSION,
    program: program.name,
    ...{ model, step: kind, batch },
    rungs: { ...rungs },
    adapter: device.name,
    isSoftware: device.isSoftware,
    method: timing.method,
    samples: timing.samples,
    ceilings: { gflops, bandwidths: bandwidths.map((one) => ({ ...one })), launchMs },
    stepMs: timing.step,
    sumMs: timing.sum,
    emptyMs: timing.empty,
    idleMs: timing.idle,
    host: timing.host,
    typicalHost: timing.typical.host,
    isBusy: spreadOf(timing.step) > BUSY || spreadOf(timing.sum) > BUSY,
    dispatches,
    byLayer: totalsBy(dispatches, ({ layer, pass }) => layer ?? pass),
    byKernel: totalsBy(dispatches, ({ kernel }) => kernel),
    byPass: totalsBy(dispatches, ({ pass }) => pass),
    memory: plainMemory(step),
  };
}

interface Measured {
  readonly index: number;
  readonly timing: StepTiming;
  readonly ceilings: Ceilings;
}

function describeDispatch(
  dispatch: Dispatch,
  { index, timing, ceilings }: Measured,
): ProfiledDispatch {
  const { id, op, pass, layers, kernel, site, forwardOf, flops, executedFlops } = dispatch;
  const ms = timing.dispatches[index] ?? { median: 0, lower: 0, upper: 0 };
  const work = workOf(dispatch);
  const least = leastTimes(work, ceilings);
  const of = (part: number) => (ms.median > 0 ? part / ms.median : 0);
  const { sample } = timing.typical;
  return {
    ...{ id, op, pass, site, forwardOf, flops, executedFlops },
    layer: layers[0] ?? null,
    layers: [...layers],
    kernel: kernel.label,
    solution: solutionOf(dispatch),
    grid: [...dispatch.grid],
    bindings: bindingsOf(dispatch),
    ms,
    share: sumOf(timing) > 0 ? ms.median / sumOf(timing) : 0,
    usefulFlops: work.flops,
    bytes: bytesMoved(dispatch),
    gflops: of(work.flops / 1e6),
    gbs: of(work.bytes / 1e6),
    ofCompute: of(least.compute),
    ofMemory: of(least.memory),
    ofLaunch: of(ceilings.launchMs),
    bound: boundOf({ ...least, launch: ceilings.launchMs }),
    startMs: sample.starts?.[index] ?? null,
    typicalMs: sample.ms[index] ?? 0,
  };
}

/** What takes the most of the time at least. */
function boundOf(least: Readonly<Record<ProfiledDispatch["bound"], number>>) {
  const { compute, memory, launch } = least;
  if (launch >= compute && launch >= memory) return "launch";
  return compute >= memory ? "compute" : "memory";
}

/** Of medians, so that shares add up to one. */
function sumOf({ dispatches }: StepTiming): number {
  return dispatches.reduce((sum, { median }) => sum + median, 0);
}

function solutionOf({ solution }: Dispatch): ProfiledDispatch["solution"] {
  if (!solution) return null;
  const { id, ladder, rung, fitting, isAsked } = solution;
  return { id, ladder, rung, fitting: [...fitting], isAsked };
}

function bindingsOf({ bindings }: Dispatch): ProfiledDispatch["bindings"] {
  const entries = Object.entries(bindings).map(([name, { tensor, access, bytes }]) => {
    const { label, shape, dtype } = tensor;
    return [name, { tensor: label, shape: [...shape], dtype, access, bytes }];
  });
  return Object.fromEntries(entries);
}

/** The largest first. */
function totalsBy(
  dispatches: readonly ProfiledDispatch[],
  nameOf: (dispatch: ProfiledDispatch) => string,
): ProfileTotal[] {
  const totals = new Map<string, ProfileTotal & { megaflops: number; megabytes: number }>();
  for (const dispatch of dispatches) {
    const name = nameOf(dispatch);
    const { ms, share, gflops, gbs } = dispatch;
    const zero = { name, dispatches: 0, ms: 0, share: 0, gflops: 0, gbs: 0 };
    const known = totals.get(name) ?? { ...zero, megaflops: 0, megabytes: 0 };
    known.dispatches++;
    known.ms += ms.median;
    known.share += share;
    known.megaflops += gflops * ms.median;
    known.megabytes += gbs * ms.median;
    totals.set(name, known);
  }
  const rate = (amount: number, ms: number) => (ms > 0 ? amount / ms : 0);
  return [...totals.values()]
    .map(({ megaflops, megabytes, ...total }) => ({
      ...total,
      gflops: rate(megaflops, total.ms),
      gbs: rate(megabytes, total.ms),
    }))
    .sort((a, b) => b.ms - a.ms);
}

/** A copy that may be changed, as the schema's types want it. */
function plainMemory({ program, executable }: OpenStep): Profile["memory"] {
  return structuredClone(memoryOf(program, executable.plan)) as Profile["memory"];
}
