// The variables of an optimiser in the order in which Keras keeps them in a file, with their values.
//   Keras 3     iterations, learning rate (no schedule's), slots, of Nadam the product of its momenta
//   Keras 2.11  iterations, slots

import type { OptimizerName, OptimizerSettings } from "../../engine/optim/create-optimizer.ts";
import { momentumProduct } from "../../engine/optim/nadam.ts";
import type { OptimizerValues } from "../../engine/optim/optimizer-values.ts";
import type { WeightRecord } from "../../engine/program/layer-record.ts";
import type { ExportedModel } from "../../models/architecture/exported-model.ts";
import type { CompiledForExport } from "./compiled.ts";
import { INITIAL_ACCUMULATOR, OPTIMIZER_KINDS, type OptimizerKind } from "./optimizer-kinds.ts";

export type Generation = 2 | 3;

export interface OptimizerEntry {
  /** As Keras 2 calls it: `Adam/m/conv1/kernel:0`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

/** Keras 2 does not save the product of Nadam's momenta, and what it goes on to is no number (2.15). */
export function carriesState(optimizer: OptimizerName, generation: Generation): boolean {
  return generation === 3 || optimizer !== "nadam";
}

/** Empty where there is no state, or none that helps. */
export function optimizerEntries(
  model: ExportedModel,
  { optimizer, settings, state, schedule }: CompiledForExport,
  generation: Generation,
): readonly OptimizerEntry[] {
  if (!state || !carriesState(optimizer, generation)) return [];
  const kind = OPTIMIZER_KINDS[optimizer];
  const rate = number("learning_rate:0", state.learningRate);
  const product = number("u_product:0", momentumProduct(settings.beta1 ?? 0.9, state.steps));
  return [
    { name: "iteration:0", shape: [], data: BigInt64Array.of(BigInt(state.steps)) },
    ...(generation === 3 && !schedule ? [rate] : []),
    ...slotEntries(model, kind, { settings, state }),
    ...(generation === 3 && optimizer === "nadam" ? [product] : []),
  ];
}

function number(name: string, value: number): OptimizerEntry {
  return { name, shape: [], data: Float32Array.of(value) };
}

function slotEntries(
  { layers }: ExportedModel,
  { slots, className, isByVariable, name }: OptimizerKind,
  { settings, state }: { readonly settings: OptimizerSettings; readonly state: OptimizerValues },
): OptimizerEntry[] {
  const { initialAccumulatorValue = INITIAL_ACCUMULATOR } = settings;
  const offset = name === "adagrad" ? initialAccumulatorValue : 0;
  const weights = layers.flatMap((layer) => layer.weights);
  const entry = ([slot, kerasSlot]: readonly [string, string], weight: WeightRecord) => {
    const values = state.slots.get(slot)?.get(weight.name);
    if (!values) return [];
    const data = offset === 0 ? values : values.map((value) => value + offset);
    return [{ name: `${className}/${kerasSlot}/${weight.name}:0`, shape: weight.shape, data }];
  };
  return isByVariable
    ? weights.flatMap((weight) => slots.flatMap((slot) => entry(slot, weight)))
    : slots.flatMap((slot) => weights.flatMap((weight) => entry(slot, weight)));
}
