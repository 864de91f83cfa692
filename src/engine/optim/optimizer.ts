// What an optimiser is: the update of one flat tensor of weights, given its gradient and a few slots of state. Which
// tensors there are, and where their state lies, is OptimizerState's business.

import type { Tensor } from "../core/tensor.ts";
import type { Recorder } from "../program/recorder.ts";

export interface Update {
  /** All of one shape, flat f32; `w` and `slots` are updated in place. */
  readonly w: Tensor;
  readonly dw: Tensor;
  readonly slots: readonly Tensor[];
  /** (1) f32 on the device. */
  readonly learningRate: Tensor;
  /** `stateSize` f32, shared by all updates of a step; null when that is 0. */
  readonly state: Tensor | null;
}

/** How gradients are clipped: one of them, each a number above 0; none clips nothing. */
export interface Clipping {
  /** Elements come to lie within ± this. */
  readonly clipValue?: number;
  /** A gradient whose norm is larger is scaled to this norm, variable by variable. */
  readonly clipNorm?: number;
  /** All gradients are scaled by one factor where their joint norm is larger. */
  readonly globalClipNorm?: number;
}

/** How gradients change weights: what it keeps for each weight, and the dispatches of an update. */
export interface Optimizer {
  /** As Keras writes it: `adam`. */
  readonly name: string;
  /** Names of the tensors that are kept per weight, zero at first: `m`, `v`. */
  readonly slots: readonly string[];
  /** Numbers that are kept per step, zero at first. */
  readonly stateSize: number;
  /** Those numbers after so many steps; of an optimiser that keeps some. */
  stateAfter?(steps: number): readonly number[];
  /** Of the gradients, before the updates; default: none. */
  readonly clipping?: Clipping;
  /** Records what happens once a step, before the updates. */
  recordStep(rec: Recorder, state: Tensor | null): void;
  /** Records the update of one arena of weights. */
  recordUpdate(rec: Recorder, update: Update): void;
}
