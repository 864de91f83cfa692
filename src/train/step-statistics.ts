// Statistics of a training step, measured within it: of every layer's activations and the gradients that reach them, of every trainable
// weight, its gradient and its update. They are added to the program that trains anyway, and only read what it computes.

import { viewOf } from "../engine/core/binding.ts";
import { sizeOf } from "../engine/core/shape.ts";
import type { Tensor } from "../engine/core/tensor.ts";
import type { Net } from "../engine/layers/net.ts";
import type { Variables } from "../engine/layers/variables.ts";
import { recordCast, recordUnscaled } from "../engine/ops/cast.ts";
import type { GradientMap } from "../engine/ops/gradients.ts";
import {
  recordSnapshot,
  recordStatistics,
  statisticsOf,
  statisticsRecords,
  type TensorStatistics,
} from "../engine/ops/statistics.ts";
import type { Recorder } from "../engine/program/recorder.ts";

/**
 * `activations`: what a layer comes to; `activationGradients`: the gradient of the loss with respect to that; `weights`: a variable
 * after the update; `gradients`: the gradient with respect to it; `updates`: what the update added to it.
 */
export type Measured = "activations" | "activationGradients" | "weights" | "gradients" | "updates";

export interface MeasuredTensor {
  readonly measured: Measured;
  /** Of the model: `conv2d`. */
  readonly layer: string;
  /** `conv2d/kernel`; of activations and their gradients the layer's name. */
  readonly name: string;
  readonly elements: number;
}

/** One tensor at one step. */
export type StatisticsEntry = MeasuredTensor & TensorStatistics;

export interface StepStatistics {
  /** Of the run, from 1. */
  readonly step: number;
  readonly entries: readonly StatisticsEntry[];
  /** √Σ(∂loss/∂w)² over all trainable weights. */
  readonly gradientNorm: number;
  /** √Σ(Δw)² / √Σw² by variable, w as the update left it; usual are about 1e-3. */
  readonly updateRatios: Readonly<Record<string, number>>;
}

/** The records of a program, and what each is of. */
export interface StatisticsPlan {
  readonly records: Tensor;
  readonly tensors: readonly MeasuredTensor[];
}

interface Wanted extends MeasuredTensor {
  readonly tensor: Tensor;
  readonly before?: Tensor;
}

/** What is kept of a step before its update. */
export interface Before {
  /** By the name of the variable. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** Gradients that are stored as f16, times a scale: as they would be in f32. */
  readonly gradients: GradientMap;
}

/** Keeps the weights as they are before the update, which `recordStepStatistics` compares them with, and the scale's gradients. */
export function recordBefore(
  rec: Recorder,
  { net, variables, gradients, lossScale }: StepBefore,
): Before {
  const scaled = lossScale ? [...net.outputs.values()] : [];
  const wide = rec.inPass("metric", () =>
    scaled.flatMap((output) => {
      const gradient = gradients.get(output);
      if (!(gradient && lossScale)) return [];
      return [[output, recordUnscaled(rec, gradient, lossScale)] as const];
    }),
  );
  return { weights: weightsBefore(rec, variables), gradients: new Map(wide) };
}

function weightsBefore(rec: Recorder, variables: Variables): ReadonlyMap<string, Tensor> {
  const before = new Map<string, Tensor>();
  rec.inPass("metric", () => {
    for (const arena of variables.arenas) {
      const copy = recordSnapshot(rec, arena.tensor);
      for (const { variable, offset } of arena.variables) {
        before.set(variable.name, viewOf(copy, variable.tensor.shape, offset));
      }
    }
  });
  return before;
}

export interface StepTensors {
  readonly net: Net;
  readonly variables: Variables;
  readonly gradients: GradientMap;
  readonly before: Before;
}

interface StepBefore extends Omit<StepTensors, "before"> {
  /** (1) f32; null where gradients are in f32, and are what they are. */
  readonly lossScale: Tensor | null;
}

/** Records the statistics of a step; comes after the update. */
export function recordStepStatistics(rec: Recorder, step: StepTensors): StatisticsPlan {
  const wanted = [...activationsOf(step), ...weightsOf(step)];
  const records = statisticsRecords(rec, wanted.length);
  rec.inPass("metric", () => {
    for (const [slot, { layer, tensor, before }] of wanted.entries()) {
      const into = { records, slot, ...(before && { before }) };
      rec.inLayer(layer, () => recordStatistics(rec, wideOf(rec, tensor), into));
    }
  });
  rec.keep(records);
  const tensors = wanted.map(({ tensor, before, ...measured }) => measured);
  return { records, tensors };
}

function wideOf(rec: Recorder, tensor: Tensor): Tensor {
  return tensor.dtype === "f16" ? recordCast(rec, tensor, "f32") : tensor;
}

function* activationsOf({ net, gradients, before }: StepTensors): Iterable<Wanted> {
  for (const [layer, tensor] of net.outputs) {
    const elements = sizeOf(tensor.shape);
    const what = { layer, name: layer, elements };
    yield { ...what, measured: "activations", tensor };
    const gradient = before.gradients.get(tensor) ?? gradients.get(tensor);
    if (gradient) yield { ...what, measured: "activationGradients", tensor: gradient };
  }
}

function* weightsOf({ variables, gradients, before }: StepTensors): Iterable<Wanted> {
  for (const { name, trainable, tensor } of variables) {
    if (!trainable) continue;
    const layer = name.slice(0, name.lastIndexOf("/"));
    const what = { layer, name, elements: sizeOf(tensor.shape) };
    yield { ...what, measured: "weights", tensor };
    const gradient = gradients.get(tensor);
    if (gradient) yield { ...what, measured: "gradients", tensor: gradient };
    const earlier = before.weights.get(name);
    if (earlier) yield { ...what, measured: "updates", tensor, before: earlier };
  }
}

/** Statistics from the bytes of a plan's records. */
export function stepStatistics(
  plan: StatisticsPlan,
  bytes: ArrayBuffer,
  step: number,
): StepStatistics {
  const found = statisticsOf(bytes, plan.tensors.length);
  const entries = plan.tensors.flatMap((tensor, slot) => {
    const measured = found[slot];
    return measured ? [{ ...tensor, ...measured }] : [];
  });
  const ofKind = (measured: Measured) => entries.filter((entry) => entry.measured === measured);
  const weights = new Map(ofKind("weights").map((entry) => [entry.name, squares(entry)]));
  const ratios = ofKind("updates").map((entry) => {
    const ratio = Math.sqrt(squares(entry) / (weights.get(entry.name) ?? 0));
    return [entry.name, ratio] as const;
  });
  return {
    ...{ step, entries },
    gradientNorm: Math.sqrt(ofKind("gradients").reduce((sum, entry) => sum + squares(entry), 0)),
    updateRatios: Object.fromEntries(ratios),
  };
}

/** Σx² from the moments: n · (deviation² + mean²). NaN where an element is not finite, as the sum would be. */
function squares({ finite, nonFinite, mean, deviation }: TensorStatistics): number {
  return nonFinite > 0 ? Number.NaN : finite * (deviation ** 2 + mean ** 2);
}
