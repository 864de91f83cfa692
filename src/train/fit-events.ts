// What a training tells whoever shows it, or keeps count of it: one type for all that train. Epochs count from 1, as people
// are shown them; Keras's callbacks, which count from 0, are callbacks/callback.ts's.

import type { MetricValues } from "../engine/ops/metrics.ts";
import type { Logs } from "./callbacks/callback.ts";
import type { StepStatistics } from "./step-statistics.ts";

export interface CompileEvents {
  /** Before each kernel of a program's first run, which may compile for seconds. */
  readonly onCompile?: ((label: string, index: number, total: number) => void) | undefined;
  /** When that first run is over. */
  readonly onCompiled?: ((total: number) => void) | undefined;
}

export interface EpochEvents {
  /** An epoch begins, of so many steps. */
  readonly onEpochBegin?: ((epoch: number, steps: number) => void) | undefined;
  /** Several times a second: where the epoch stands, and its running figures. */
  readonly onProgress?: ((step: number, values: MetricValues) => void) | undefined;
  /** Where statistics are asked for: those of a step, once it is over. */
  readonly onStatistics?: ((statistics: StepStatistics, epoch: number) => void) | undefined;
  /** An epoch is over. */
  readonly onEpochEnd?: ((epoch: number, logs: Logs) => void) | undefined;
}

export interface FitEvents extends CompileEvents, EpochEvents {}

/** One listener that stands for several, in this order; statistics have listeners of their own. */
export function together(...listeners: readonly FitEvents[]): Omit<FitEvents, "onStatistics"> {
  return {
    onCompile: (...told) => {
      for (const { onCompile } of listeners) onCompile?.(...told);
    },
    onCompiled: (...told) => {
      for (const { onCompiled } of listeners) onCompiled?.(...told);
    },
    onEpochBegin: (...told) => {
      for (const { onEpochBegin } of listeners) onEpochBegin?.(...told);
    },
    onProgress: (...told) => {
      for (const { onProgress } of listeners) onProgress?.(...told);
    },
    onEpochEnd: (...told) => {
      for (const { onEpochEnd } of listeners) onEpochEnd?.(...told);
    },
  };
}
