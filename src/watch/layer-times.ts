// Where a step's time goes, layer by layer, measured once on a step of its own while training waits between two epochs.

import type { Device } from "../engine/core/device.ts";
import { timeStep } from "../inspect/profile/time-step.ts";
import { openStep, type StepSetup } from "../inspect/step.ts";
import type { LayerTime } from "../page/live/live-events.ts";
import type { Callback, Logs, TrainingControl } from "../train/callbacks/callback.ts";
import type { EventLog } from "./event-log.ts";

const SAMPLES = 3;

export interface LayerTimesOptions {
  readonly log: EventLog;
  readonly device: Device;
  readonly setup: Omit<StepSetup, "kind" | "plan">;
  readonly signal: AbortSignal;
}

export class LayerTimes implements Callback {
  readonly #options: LayerTimesOptions;
  #isWanted = false;

  constructor(options: LayerTimesOptions) {
    this.#options = options;
  }

  /** At the end of the epoch under way. */
  request(): void {
    this.#isWanted = true;
  }

  async onEpochEnd(epoch: number, _logs: Logs, { weights }: TrainingControl): Promise<void> {
    if (!this.#isWanted) return;
    this.#isWanted = false;
    const { log, device, setup, signal } = this.#options;
    const start = performance.now();
    const step = await openStep(device, { ...setup, weights, kind: "train" });
    try {
      const timing = await timeStep(step, { samples: SAMPLES, signal });
      const { method, samples, step: whole } = timing;
      const order = step.program.layers.map(({ name }) => name);
      const layers = layerTimes(step.executable.dispatches, timing.dispatches, order);
      const seconds = (performance.now() - start) / 1000;
      const measured = { epoch: epoch + 1, samples, method, stepMs: whole.median };
      log.tell({ type: "layerTimes", ...measured, layers, seconds });
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      step.close();
    }
  }
}

interface Timed {
  readonly layers: readonly string[];
  readonly pass: string;
}

/** Sums of medians, in the order of the model; what is of no layer by its pass, last. */
export function layerTimes(
  dispatches: readonly Timed[],
  times: readonly { readonly median: number }[],
  order: readonly string[],
): readonly LayerTime[] {
  const found = new Map<string, { forwardMs: number; backwardMs: number; otherMs: number }>();
  for (const layer of order) found.set(layer, { forwardMs: 0, backwardMs: 0, otherMs: 0 });
  for (const [index, { layers, pass }] of dispatches.entries()) {
    const layer = layers[0] ?? pass;
    const sums = found.get(layer) ?? { forwardMs: 0, backwardMs: 0, otherMs: 0 };
    const ms = times[index]?.median ?? 0;
    if (pass === "forward") sums.forwardMs += ms;
    else if (pass === "backward") sums.backwardMs += ms;
    else sums.otherMs += ms;
    found.set(layer, sums);
  }
  return [...found]
    .map(([layer, sums]) => ({ layer, ...sums }))
    .filter(({ forwardMs, backwardMs, otherMs }) => forwardMs + backwardMs + otherMs > 0);
}
