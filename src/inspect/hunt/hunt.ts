// Hunts for the dispatch at which a training step's numbers stop being numbers: replays steps from the last state that was
// good, and walks through the one that is not, dispatch by dispatch. Words for people are in report/text/hunt-text.ts.

import type { Device } from "../../engine/core/device.ts";
import { VitrineError } from "../../engine/core/errors.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import type { Executable } from "../../engine/program/executor.ts";
import { type Dispatch, readsOf, writesOf } from "../../engine/program/program.ts";
import type { Supply } from "../../train/rows/row-stream.ts";
import { restoreState, type StepState } from "../../train/step-state.ts";
import { openStep, type StepSetup } from "../step.ts";
import { inputsOf, type Unit, unitsOf } from "../units.ts";
import { type VariablePlace, variableAt } from "../variable-at.ts";
import { coordinatesOf, isFloat, type Values, Walk } from "../walk.ts";
import { type Growth, growthTo, type Ranged, type Visit } from "./growth.ts";
import { rowsThat } from "./hunt-rows.ts";
import { type NumberRange, rangeOf } from "./numbers.ts";
import { Replays } from "./replays.ts";

/** The first result that holds an infinite number or NaN, and what is known of how it came to be. */
export interface Culprit {
  /** Steps from the given state on: 1 is the first. */
  readonly step: number;
  /** What the step counter showed; null in a step without one. */
  readonly clock: number | null;
  readonly dispatch: Dispatch;
  /** True: from numbers that were all finite. False: it is the first that reads what was not finite before the step. */
  readonly isMade: boolean;
  /** What is not finite: a result, or if `isMade` is false, the input. */
  readonly tensor: Tensor;
  readonly range: NumberRange;
  readonly index: number;
  readonly coordinates: readonly number[];
  readonly value: number;
  /** The element's variable, where the tensor is an arena. */
  readonly variable: VariablePlace | null;
  /** Inputs of the dispatch, of floats. */
  readonly inputs: readonly Ranged[];
  /** Rows of the batch that cause it; empty where no row does it alone, null where rows have no part in it. */
  readonly rows: readonly BatchRow[] | null;
  /** Rows of the batch. */
  readonly batch: number;
  /** From what was there before the step to the dispatch, along the numbers that its size is owed to. */
  readonly growth: readonly Growth[];
}

export interface BatchRow {
  readonly row: number;
  /** Its number in the data set; null where the step does not gather its rows. */
  readonly dataRow: number | null;
}

export interface HuntOptions {
  /** Steps to replay at most; default 1. */
  readonly steps?: number;
  readonly onStep?: (step: number, steps: number) => void;
  readonly signal?: AbortSignal;
  /** Brings the rows of the next steps, from where the step stands; default: they are there. */
  readonly supply?: Supply;
}

/**
 * Replays training steps from a state (as `captureState` took it from a recording of the same step) to the first that leaves,
 * or finds, something not finite. Null where none does. The setup's data and batch must be those of the training.
 */
export async function hunt(
  device: Device,
  setup: Omit<StepSetup, "kind" | "plan">,
  state: StepState,
  options: HuntOptions = {},
): Promise<Culprit | null> {
  const step = await openStep(device, { ...setup, kind: "train", plan: { sharesSlots: false } });
  try {
    restoreState(step.device, step.program, state);
    const supply = {
      most: step.mostAtOnce,
      bring: (_from: number, steps: number) => step.bringRows(steps),
    };
    return await huntSteps(step.device, step.executable, { ...options, supply });
  } finally {
    step.close();
  }
}

/** The same from where a step stands that was compiled without shared slots; it is spent afterwards. */
export async function huntSteps(
  device: Device,
  executable: Executable,
  options: HuntOptions = {},
): Promise<Culprit | null> {
  const replays = await Replays.of(device, executable.program);
  try {
    const step = await replays.firstOdd(executable, options);
    return step === null ? null : { ...(await walkThrough(executable)), step };
  } finally {
    replays.dispose();
  }
}

type Found = Omit<Culprit, "step">;

async function walkThrough(executable: Executable): Promise<Found> {
  const walk = new Walk(executable);
  const place = await placeIn(walk, executable);
  const visits: Visit[] = [];
  for (const unit of unitsOf(executable.dispatches)) {
    const before = await unitInputs(walk, unit);
    for (const dispatch of unit.dispatches) {
      const visit = await visited(walk, dispatch);
      visits.push(visit);
      const odd = oddOf(visit);
      if (odd) return await culpritOf({ executable, walk, unit, before, visits, odd, place });
    }
  }
  throw new VitrineError(`hunt: the step ${executable.program.name} leaves only finite numbers`);
}

/** Runs a dispatch, and looks at what it reads and writes. */
async function visited(walk: Walk, dispatch: Dispatch): Promise<Visit> {
  walk.runTo(dispatch.id);
  const inputs = await ranges(walk, dispatch, readsOf(dispatch));
  walk.runTo(dispatch.id + 1);
  return { dispatch, inputs, outputs: await ranges(walk, dispatch, writesOf(dispatch)) };
}

async function ranges(
  walk: Walk,
  { bindings }: Dispatch,
  tensors: readonly Tensor[],
): Promise<Ranged[]> {
  const found: Ranged[] = [];
  for (const [name, { tensor }] of Object.entries(bindings)) {
    if (tensor.dtype !== "f32" || name === "part" || !tensors.includes(tensor)) continue;
    const values = await walk.read(tensor);
    if (isFloat(values)) found.push({ name, tensor, range: rangeOf(values) });
  }
  return found;
}

/** An input that was not finite before, or else a result that is not now. */
function oddOf({ inputs, outputs }: Visit): (Ranged & { readonly isMade: boolean }) | null {
  const isOdd = ({ range }: Ranged) => range.nonFinite > 0;
  const carried = inputs.find(isOdd);
  if (carried) return { ...carried, isMade: false };
  const made = outputs.find(isOdd);
  return made ? { ...made, isMade: true } : null;
}

/** What a unit reads, as it is before the unit runs. */
async function unitInputs(walk: Walk, unit: Unit): Promise<ReadonlyMap<Tensor, Values>> {
  walk.runTo(unit.dispatches[0]?.id ?? 0);
  const before = new Map<Tensor, Values>();
  for (const tensor of inputsOf(unit)) {
    if (tensor.dtype === "f32") before.set(tensor, await walk.read(tensor));
  }
  return before;
}

interface Evidence {
  readonly executable: Executable;
  readonly walk: Walk;
  readonly unit: Unit;
  readonly before: ReadonlyMap<Tensor, Values>;
  readonly visits: readonly Visit[];
  readonly odd: Ranged & { readonly isMade: boolean };
  readonly place: Place;
}

async function culpritOf({ odd, visits, place, ...evidence }: Evidence): Promise<Found> {
  const { executable, walk, unit, before } = evidence;
  const { tensor, range, isMade } = odd;
  const index = range.first ?? 0;
  const got = await walk.read(tensor);
  const { dispatch, inputs } = visits.at(-1) ?? {};
  if (!dispatch || !inputs) throw new Error("hunt: the walk has begun");
  const { batch } = place;
  const rows = isMade
    ? await rowsThat({ executable, unit, batch, output: tensor, got, before })
    : null;
  return {
    ...{ dispatch, isMade, tensor, range, index, inputs, batch },
    clock: place.clock,
    variable: variableAt(executable.program, tensor, index),
    coordinates: coordinatesOf(index, tensor.shape),
    value: got[index] ?? Number.NaN,
    rows: rows?.map((row) => ({ row, dataRow: place.dataRow(row) })) ?? null,
    growth: growthTo(visits),
  };
}

/** Where the step stands in the training and in the data. */
interface Place {
  readonly clock: number | null;
  readonly batch: number;
  readonly dataRow: (row: number) => number | null;
}

async function placeIn(walk: Walk, { dispatches }: Executable): Promise<Place> {
  // By that of the labels: the order that streamed rows are gathered by is where they lie.
  const gathers = dispatches.filter(({ bindings }) => bindings["order"] && bindings["clock"]);
  const gather = gathers.find(({ bindings }) => bindings["labels"]) ?? gathers[0];
  const { order, clock } = gather?.bindings ?? {};
  if (!gather || !order || !clock) return { clock: null, batch: 0, dataRow: () => null };
  const [step = 0, cursor = 0] = await walk.read(clock.tensor);
  const rows = await walk.read(order.tensor);
  return {
    clock: step,
    batch: gather.params["batch"] ?? 0,
    dataRow: (row) => rows[cursor + row] ?? null,
  };
}
