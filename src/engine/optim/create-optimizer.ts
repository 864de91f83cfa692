// Every optimiser by its name, with Keras's settings where none are given.

import { adagrad } from "./adagrad.ts";
import { adam } from "./adam.ts";
import { withClipping } from "./clipping.ts";
import { withEma } from "./ema.ts";
import { lion } from "./lion.ts";
import { nadam } from "./nadam.ts";
import type { Clipping, Optimizer } from "./optimizer.ts";
import { rmsprop } from "./rmsprop.ts";
import { sgd } from "./sgd.ts";
import { adamw, withWeightDecay } from "./weight-decay.ts";

export const OPTIMIZER_NAMES = [
  "adam",
  "adamw",
  "sgd",
  "rmsprop",
  "nadam",
  "adagrad",
  "lion",
] as const;
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number];

/** What is not there is at Keras's default; what the optimiser does not know changes nothing. */
export interface OptimizerSettings extends Clipping {
  /** Of sgd and rmsprop; default 0. */
  readonly momentum?: number;
  /** Of sgd with momentum; default false. */
  readonly nesterov?: boolean;
  /** Share of the rate by which weights shrink each step; default 0, of adamw 0.004. */
  readonly weightDecay?: number;
  /** Of adam, adamw, nadam and lion; default 0.9. */
  readonly beta1?: number;
  /** Of adam, adamw and nadam, default 0.999; of lion, default 0.99. */
  readonly beta2?: number;
  /** Of rmsprop; default 0.9. */
  readonly rho?: number;
  /** Of rmsprop; default false. */
  readonly centered?: boolean;
  /** Of adagrad; default 0.1. */
  readonly initialAccumulatorValue?: number;
  /** Momentum of the moving averages that take the place of the weights at the end; default: none are kept. */
  readonly ema?: number;
  /** Of all but sgd and lion; default 1e-7. */
  readonly epsilon?: number;
}

/** Throws UsageError for settings that the optimiser cannot have. */
export function createOptimizer(name: OptimizerName, settings: OptimizerSettings = {}): Optimizer {
  const { ema } = settings;
  return ema === undefined ? clipped(name, settings) : withEma(clipped(name, settings), ema);
}

function clipped(name: OptimizerName, settings: OptimizerSettings): Optimizer {
  const { clipValue, clipNorm, globalClipNorm, weightDecay } = settings;
  const optimizer =
    name === "adamw" ? adamw(settings) : withWeightDecay(plain(name, settings), weightDecay ?? 0);
  if ((clipValue ?? clipNorm ?? globalClipNorm) === undefined) return optimizer;
  return withClipping(optimizer, settings);
}

function plain(name: Exclude<OptimizerName, "adamw">, settings: OptimizerSettings): Optimizer {
  switch (name) {
    case "adam":
      return adam(settings);
    case "sgd":
      return sgd(settings);
    case "rmsprop":
      return rmsprop(settings);
    case "nadam":
      return nadam(settings);
    case "adagrad":
      return adagrad(settings);
    case "lion":
      return lion(settings);
  }
}
