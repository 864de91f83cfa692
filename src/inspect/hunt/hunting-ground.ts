// What a training leaves behind to hunt from, should its loss stop being a number: the state at the beginning of the epoch
// under way and of the one before, on the host. Kept between epochs only, so that steps cost nothing more.

import type { Device } from "../../engine/core/device.ts";
import type { Program } from "../../engine/program/program.ts";
import { captureState, type StepState, stateStorages } from "../../train/step-state.ts";
import type { StepSetup } from "../step.ts";
import { type Culprit, type HuntOptions, hunt } from "./hunt.ts";

/** States of two epochs are no larger than this; of larger models none is kept. */
const MOST_BYTES = 512 * 2 ** 20;

/** The dispatch that a hunt led to, and the epoch that it ran in. */
export interface Trail {
  /** Of the epoch in which it happened, from 1. */
  readonly epoch: number;
  readonly culprit: Culprit;
}

export class HuntingGround {
  readonly #setup: Omit<StepSetup, "kind" | "plan">;
  #states: readonly { readonly epoch: number; readonly done: number; readonly state: StepState }[] =
    [];

  /** `setup`: the training's own model, data, batch size, optimiser and seed. */
  constructor(setup: Omit<StepSetup, "kind" | "plan">) {
    this.#setup = setup;
  }

  /** To be called where an epoch (from 1) has its rows in order and `done` of its steps have run: 0, but where a run is resumed. */
  async remember(device: Device, program: Program, epoch: number, done = 0): Promise<void> {
    const bytes = stateStorages(program).reduce((sum, storage) => sum + storage.bytes, 0);
    if (2 * bytes > MOST_BYTES) return;
    const state = await captureState(device, program);
    this.#states = [...this.#states, { epoch, done, state }].slice(-2);
  }

  /**
   * Replays the last epoch, and the one before where that one's last step had spoilt the weights already. Null where whole
   * batches do no harm: a last, smaller one may, and of a large model nothing was kept.
   */
  async hunt(device: Device, { steps, ...options }: HuntOptions = {}): Promise<Trail | null> {
    let trail: Trail | null = null;
    for (const { epoch, done, state } of this.#states.toReversed()) {
      const left = steps === undefined ? {} : { steps: steps - done };
      const culprit = await hunt(device, this.#setup, state, { ...options, ...left });
      if (culprit) trail = { epoch, culprit: { ...culprit, step: culprit.step + done } };
      if (culprit === null || culprit.isMade || culprit.step > 1) break;
    }
    return trail;
  }
}
