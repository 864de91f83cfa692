// What a person sees while a model trains: kernels being compiled, then Keras's progress line for every epoch, live on a
// terminal and one finished line an epoch elsewhere.

import type { MetricValues } from "../../engine/ops/metrics.ts";
import {
  epochHeader,
  keras2Line,
  keras3Line,
  type ProgressState,
  stepDuration,
} from "../../report/text/progress-line.ts";
import type { Logs } from "../../train/callbacks/callback.ts";
import type { FitEvents } from "../../train/fit-events.ts";
import type { LiveLine, Terminal } from "../frame/terminal.ts";

/** Handed on as events: what it hears are properties of its own. */
export class EpochDisplay implements FitEvents {
  readonly #terminal: Terminal;
  readonly #epochs: number;
  #line: LiveLine | null = null;
  #start = 0;
  #firstStepEnd: number | undefined;
  #target = 0;
  #compileStart = 0;

  constructor(terminal: Terminal, epochs: number) {
    this.#terminal = terminal;
    this.#epochs = epochs;
  }

  /** Before the first kernel: large models are recorded, and their weights drawn and uploaded, for seconds. */
  preparing(): void {
    this.#line ??= this.#terminal.live();
    this.#line.update(() => "preparing the model");
  }

  /** Before each kernel of the first step, which may take seconds to compile on a machine that never did. */
  readonly onCompile = (label: string, index: number, total: number): void => {
    if (index === 0) this.#compileStart = seconds();
    this.#line ??= this.#terminal.live();
    this.#line.update(() => `compiling kernels ${index + 1}/${total}  ${label}`);
  };

  readonly onCompiled = (total: number): void => {
    const took = seconds() - this.#compileStart;
    const told =
      took > 1
        ? `first pass of ${total} kernels in ${took.toFixed(1)} s; what was compiled is kept for the next run`
        : undefined;
    this.#line?.finish(told);
    this.#line = null;
  };

  readonly onEpochBegin = (epoch: number, steps: number): void => {
    this.#target = steps;
    this.#start = seconds();
    this.#firstStepEnd = undefined;
    this.#terminal.print(epochHeader(epoch, this.#epochs));
    this.#line = this.#terminal.live();
  };

  readonly onProgress = (step: number, { loss, accuracy }: MetricValues): void => {
    this.#firstStepEnd ??= seconds();
    this.#line?.update(() => this.#render(step, { loss, accuracy }));
  };

  readonly onEpochEnd = (_epoch: number, logs: Logs): void => {
    this.#line?.finish(this.#render(this.#target, logs));
    this.#line = null;
  };

  /** The run ended within an epoch. */
  interrupted(): void {
    this.#line?.finish();
    this.#line = null;
  }

  #render(current: number, logs: Logs): string {
    const now = seconds();
    const times = { current, start: this.#start, now, firstStepEnd: this.#firstStepEnd };
    const state: ProgressState = {
      current,
      target: this.#target,
      elapsed: now - this.#start,
      secondsPerStep: stepDuration(times),
      metrics: Object.entries(logs),
    };
    return this.#terminal.colour ? keras3Line(state) : keras2Line(state);
  }
}

/** Of trainings one after another: each has a display of its own. */
export class EpochDisplays {
  readonly #terminal: Terminal;
  #latest: EpochDisplay | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  next(epochs: number): EpochDisplay {
    this.#latest = new EpochDisplay(this.#terminal, epochs);
    return this.#latest;
  }

  interrupted(): void {
    this.#latest?.interrupted();
  }
}

function seconds(): number {
  return performance.now() / 1000;
}
