// What an optimiser had come to, out of the variables that a file has of it in order. They have no reliable names, so they are
// told apart by their number and their shapes; where those do not fit, a note says so and training begins anew.
//   Keras 3      iterations, learning rate (no schedule's), slots, of Nadam the product of its momenta
//   Keras 2.11   iterations, slots; before 2.11 `iter`, slots one after another for every optimiser

import { FormatError } from "../../engine/core/errors.ts";
import { formatShape, sameShape } from "../../engine/core/shape.ts";
import type { OptimizerSettings } from "../../engine/optim/create-optimizer.ts";
import type { WeightRecord } from "../../engine/program/layer-record.ts";
import type { SavedCompilation, SavedWeight } from "../weights/saved-weights.ts";
import type { KerasSchedule } from "./compiled.ts";
import { INITIAL_ACCUMULATOR, type OptimizerKind } from "./optimizer-kinds.ts";

export interface StateRequest {
  readonly kind: OptimizerKind;
  readonly settings: OptimizerSettings;
  readonly trainables: readonly WeightRecord[];
  readonly schedule: KerasSchedule | null;
}

export interface ReadState {
  readonly name: string;
  readonly steps: number;
  /** Undefined where the file keeps none beside the configuration. */
  readonly learningRate: number | undefined;
  readonly slots: ReadonlyMap<string, ReadonlyMap<string, Float32Array<ArrayBuffer>>>;
}

/** Null where there is none, or none that fits: then a note says why. */
export function readState(
  saved: SavedCompilation,
  request: StateRequest,
  notes: string[],
): ReadState | null {
  const found = tryState(saved, request);
  if (typeof found !== "string") return found;
  notes.push(`what ${request.kind.className} had come to is not taken over, got ${found}`);
  return null;
}

/** Or what is wrong with it. */
function tryState(saved: SavedCompilation, request: StateRequest): ReadState | string | null {
  try {
    const [count, ...others] = saved.variables();
    if (!count) return null;
    if (!/^int/.test(count.dtype)) return `a count of steps in ${count.dtype}`;
    const rate = others[0]?.shape.length === 0 && /^float/.test(others[0].dtype) ? others[0] : null;
    const isOld = /(^|\/)iter(:0)?$/.test(count.name);
    const places = placesOf(rate ? others.slice(1) : others, request, isOld);
    if (typeof places === "string") return places;
    const slots = readSlots(places, request);
    if (typeof slots === "string") return slots;
    const [learningRate, steps] = [rate?.read()[0], saved.steps()];
    if (steps < 0) return `a count of ${steps} steps`;
    if (learningRate !== undefined && !(learningRate >= 0)) return `a rate of ${learningRate}`;
    return { name: request.kind.name, steps, learningRate, slots };
  } catch (error) {
    // The model is sound none the less.
    if (error instanceof FormatError) return `damage: ${error.message}`;
    throw error;
  }
}

interface Place {
  readonly slot: string;
  readonly variable: string;
  readonly weight: SavedWeight;
}

/** Which variable is whose; or what is wrong with them. */
function placesOf(
  variables: readonly SavedWeight[],
  { kind, settings, trainables }: StateRequest,
  isOld: boolean,
): readonly Place[] | string {
  const names = slotsOf(kind, settings);
  // Keras 2 keeps moments of SGD also where it has no use for them.
  if (names.length === 0) return [];
  const wanted = names.length * trainables.length;
  const hasProduct = kind.name === "nadam" && variables.length === wanted + 1;
  if (variables.length !== wanted + (hasProduct ? 1 : 0)) {
    return `${variables.length} variables for ${wanted} of ${trainables.length} weights`;
  }
  const order =
    kind.isByVariable && !isOld
      ? trainables.flatMap((weight) => names.map((slot) => ({ slot, weight })))
      : names.flatMap((slot) => trainables.map((weight) => ({ slot, weight })));
  const places: Place[] = [];
  for (const [index, { slot, weight }] of order.entries()) {
    const found = variables[index];
    if (!found || !sameShape(found.shape, weight.shape)) {
      const got = found ? formatShape(found.shape) : "nothing";
      return `${got} for ${weight.name} of ${formatShape(weight.shape)}`;
    }
    places.push({ slot, variable: weight.name, weight: found });
  }
  return places;
}

/** The slots that there are with such settings. */
function slotsOf({ name, slots }: OptimizerKind, settings: OptimizerSettings): string[] {
  const { momentum = 0, centered = false } = settings;
  const isThere = (slot: string): boolean => {
    if (name === "sgd") return momentum > 0;
    if (name === "rmsprop") return slot === "v" || (slot === "m" ? momentum > 0 : centered);
    return true;
  };
  return slots.map(([slot]) => slot).filter(isThere);
}

function readSlots(
  places: readonly Place[],
  { kind, settings }: StateRequest,
): ReadState["slots"] | string {
  const slots = new Map(slotsOf(kind, settings).map((slot) => [slot, new Map<string, Values>()]));
  const { initialAccumulatorValue = INITIAL_ACCUMULATOR } = settings;
  for (const { slot, variable, weight } of places) {
    const values = weight.read();
    if (!values.every(Number.isFinite)) return `values of ${variable} that are no numbers`;
    const own = kind.name === "adagrad" ? values.map((v) => v - initialAccumulatorValue) : values;
    slots.get(slot)?.set(variable, own);
  }
  return slots;
}

type Values = Float32Array<ArrayBuffer>;
