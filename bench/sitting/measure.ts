// One sitting: measures the machine, the adapter's ceilings, then every case that is wanted, prints each as it comes, and gives
// the result that is written and printed as JSON.

import { unlessAborted } from "../../src/cli/frame/signals.ts";
import { loadData } from "../../src/cli/inputs/data-set.ts";
import type { FashionMnist } from "../../src/data/fashion-mnist.ts";
import type { Device } from "../../src/engine/core/device.ts";
import { UsageError } from "../../src/engine/core/errors.ts";
import { bandwidthEnds, type Ceilings } from "../../src/inspect/profile/bandwidths.ts";
import { measureCeilings } from "../../src/inspect/profile/ceilings.ts";
import type { BenchCase } from "../../src/inspect/timing/bench-case.ts";
import { benchCases } from "../../src/inspect/timing/cases.ts";
import { type Circumstances, resultRecord } from "../../src/inspect/timing/result-record.ts";
import { type KernelResult, timeCase } from "../../src/inspect/timing/time-case.ts";
import type { TrainStepResult } from "../../src/inspect/timing/train-step.ts";
import { openDevice } from "../../src/io/adapter.ts";
import type { JsonValue } from "../../src/io/files.ts";
import type { BackboneName } from "../../src/models/backbones.ts";
import { wrapped } from "../../src/report/text/profile-text.ts";
import { type BackboneResult, timeBackbone } from "../backbone-forward.ts";
import type { BenchContext } from "../bench-context.ts";
import { CHOICE, type ChoiceResult } from "../choice.ts";
import { measuredScope } from "../measured-kernels.ts";
import { nameOfStep, needsData, STEP_CASES, type StepCase, timeStep } from "../train-steps.ts";
import { compareChoice } from "./choice-text.ts";
import { judgeMachine, type Machine, machineLine, startSpin } from "./machine.ts";
import { PASS_BATCH, passName } from "./result.ts";
import { caseHeading, kernelHead, kernelRow, passLines, stepLines } from "./sitting-text.ts";

export const BACKBONES: readonly BackboneName[] = ["vgg19", "resnet152v2"];

interface Wanted {
  readonly cases: readonly BenchCase[];
  readonly backbones: readonly BackboneName[];
  readonly steps: readonly StepCase[];
  readonly choice: boolean;
}

/** What has the filter in its name. Throws UsageError where nothing has. */
export function wantedBy(filter: string | undefined): Wanted {
  const wanted = {
    cases: [...benchCases()].filter(({ name }) => isWanted(filter, name)),
    backbones: BACKBONES.filter((model) => isWanted(filter, passName(model))),
    steps: STEP_CASES.filter((step) => isWanted(filter, nameOfStep(step))),
    choice: isWanted(filter, CHOICE),
  };
  const { cases, backbones, steps, choice } = wanted;
  if (cases.length + backbones.length + steps.length > 0 || choice) return wanted;
  throw new UsageError(`--filter: must be part of a name of what is timed, got ${filter}`, {
    help: `the names are: ${caseNames().join(", ")}`,
  });
}

export function isWanted(filter: string | undefined, name: string): boolean {
  return filter === undefined || name.toLowerCase().includes(filter.toLowerCase());
}

/** Of all that is timed. */
export function caseNames(): readonly string[] {
  const kernels = new Set([...benchCases()].map(({ name }) => name));
  const steps = STEP_CASES.map(nameOfStep);
  return [...kernels, ...BACKBONES.map(passName), ...steps, CHOICE];
}

export interface Sitting {
  readonly device: Device;
  readonly machine: Machine;
  /** As it is written. */
  readonly result: { readonly [key: string]: JsonValue };
}

/** Where the signal comes, what was measured till then. `check` may refuse the adapter before anything is timed. */
export async function measure(
  context: BenchContext,
  wanted: Wanted,
  check: (adapter: Pick<Device, "isSoftware"> & { readonly adapter: string }) => void = () => {},
): Promise<Sitting> {
  const { flags, say, style, signal, terminal } = context;
  say(style.bold("vitrine: measuring kernels"));
  const isDataNeeded = wanted.steps.some(needsData) || wanted.choice;
  const loading = isDataNeeded ? loadData(terminal, flags.data) : Promise.resolve(null);
  const data = await unlessAborted(loading, signal);
  const date = new Date().toISOString();
  // Before the device is opened, whose threads are no neighbours.
  const spin = startSpin();
  const device = await openDevice(flags.adapter ? { adapter: flags.adapter } : {});
  check({ adapter: device.name, isSoftware: device.isSoftware });
  const ceilings = await measureCeilings(device, { signal });
  for (const line of [...adapterLines(device), ...ceilingLines(ceilings)]) say(line);
  const kernels = await timeKernels(context, wanted.cases, { device, ceilings });
  const chosen = flags.measured ? await measuredScope(device, say) : null;
  const devices = { order: device, measured: chosen };
  const forward = await timeBackbones(context, wanted.backbones, devices);
  const trainStep = await timeSteps(context, wanted.steps, { devices, data });
  chosen?.destroy();
  const choice = data && wanted.choice ? await compareChoice(context, { device, data }) : null;
  const samples = [...kernels, ...forward, ...trainStep];
  const machine = judgeMachine(
    spin,
    samples.map(({ ms, lower, upper }) => ({ median: ms, lower, upper })),
  );
  say();
  const line = machineLine(machine);
  say(machine.noisy ? style.yellow(line) : line);
  const measured = { kernels, forward, trainStep, choice };
  const result = resultOf({ device, ceilings, date, machine }, measured);
  return { device, machine, result };
}

interface Measured {
  readonly kernels: readonly KernelResult[];
  readonly forward: readonly BackboneResult[];
  readonly trainStep: readonly TrainStepResult[];
  readonly choice: ChoiceResult | null;
}

/** What readers of results (result.ts) take. */
export function resultOf(
  { machine, ...others }: Omit<Circumstances, "machine"> & { readonly machine: Machine },
  { forward, choice, ...measured }: Measured,
): Sitting["result"] {
  const { spin, load } = machine;
  const judged = {
    ...machine,
    spin: { ...spin, start: { ...spin.start }, end: { ...spin.end } },
    load: load && { ...load },
  };
  return resultRecord(
    { ...others, machine: judged },
    {
      ...measured,
      forward: forward.map((one): JsonValue => ({ ...one })),
      choice: choice && {
        step: choice.step,
        problems: Object.fromEntries(choice.problems) as unknown as JsonValue,
      },
    },
  );
}

export function adapterLines({ name, isSoftware }: Pick<Device, "name" | "isSoftware">) {
  const warning = isSoftware ? " (software: never compare with hardware)" : "";
  return wrapped(`adapter    ${name}${warning}`);
}

function ceilingLines(ceilings: Ceilings): readonly string[] {
  const { cache, memory } = bandwidthEnds(ceilings);
  const rates = [`${cache.toFixed(1)} GB/s in caches`, `${memory.toFixed(1)} GB/s in memory`];
  const registers = `${ceilings.gflops.toFixed(1)} GFLOPS between registers`;
  return wrapped(`ceilings   ${[registers, ...rates].join(", ")}`);
}

async function timeKernels(
  context: BenchContext,
  cases: readonly BenchCase[],
  { device, ceilings }: { readonly device: Device; readonly ceilings: Ceilings },
): Promise<KernelResult[]> {
  const { say, style, terminal, signal } = context;
  const results: KernelResult[] = [];
  if (cases.length > 0) {
    say();
    say(style.bold(kernelHead()));
  }
  const live = terminal.live();
  for (const benchCase of cases) {
    if (signal.aborted) break;
    live.update(() => `${benchCase.name} …`);
    say(caseHeading(benchCase));
    for await (const result of timeCase(device, benchCase, ceilings)) {
      results.push(result);
      say(kernelRow(result));
    }
  }
  live.finish();
  return results;
}

interface Devices {
  readonly order: Device;
  /** With `--measured`. */
  readonly measured: Device | null;
}

function inTurn({ order, measured }: Devices) {
  return [[order, {}] as const, ...(measured ? [[measured, MEASURED] as const] : [])];
}

const MEASURED = { kernels: "measured" } as const;

async function timeBackbones(
  { say, signal, terminal }: BenchContext,
  backbones: readonly BackboneName[],
  devices: Devices,
): Promise<BackboneResult[]> {
  const results: BackboneResult[] = [];
  if (backbones.length > 0) say();
  const live = terminal.live();
  for (const model of backbones) {
    if (signal.aborted) break;
    live.update(() => `${passName(model)} …`);
    for (const [device, kernels] of inTurn(devices)) {
      const pass = await timeBackbone(device, { model, size: 32, batch: PASS_BATCH });
      const result = { ...pass, ...kernels };
      results.push(result);
      for (const line of passLines(result)) say(line);
    }
  }
  live.finish();
  return results;
}

async function timeSteps(
  { say, signal }: BenchContext,
  steps: readonly StepCase[],
  { devices, data }: { readonly devices: Devices; readonly data: FashionMnist | null },
): Promise<TrainStepResult[]> {
  const results: TrainStepResult[] = [];
  if (steps.length > 0) say();
  for (const step of steps) {
    for (const [device, kernels] of inTurn(devices)) {
      if (signal.aborted) break;
      const timed = await timeStep(device, step, { data });
      if (!timed) continue;
      const result = { ...timed, ...kernels };
      if (result.ms > 0) results.push(result);
      for (const line of stepLines(result)) say(line);
    }
  }
  return results;
}
