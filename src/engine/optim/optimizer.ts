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

export interface Optimizer {
  /** As Keras writes it: `adam`. */
  readonly name: string;
  /** Names of the tensors that are kept per weight, zero at first: `m`, `v`. */
  readonly slots: readonly string[];
  /** Numbers that are kept per step, zero at first. */
  readonly stateSize: number;
  /** Records what happens once a step, before the updates. */
  recordStep(rec: Recorder, state: Tensor | null): void;
  recordUpdate(rec: Recorder, update: Update): void;
}
