// Results of the bench for tests: made of what a sitting would have measured, without a device.

import type { ChoiceResult } from "../../bench/choice.ts";
import { machineOf } from "../../bench/sitting/machine.ts";
import { resultOf } from "../../bench/sitting/measure.ts";
import type { JsonValue } from "../../src/io/files.ts";

export const SOFTWARE = "llvmpipe: Mesa 25.0.7 (LLVM 15.0.6)";

export interface SampleOptions {
  readonly adapter?: string;
  readonly isSoftware?: boolean;
  readonly date?: string;
  /** Of the samples of every case: the distance of the quartiles over the median. */
  readonly spread?: number;
  /** Medians by case and variant. */
  readonly kernels?: Readonly<Record<string, number>>;
  readonly step?: number;
  readonly choice?: ChoiceResult | null;
}

/** As `--out` writes it. */
export function sampleResult({
  adapter = SOFTWARE,
  isSoftware = true,
  date = "2026-11-26T10:00:00.000Z",
  spread = 0.04,
  kernels = { "conv2 dx/naive": 12, "conv2 dx/subgroup": 0.6, "pool1 max dx/only": 0.24 },
  step = 6,
  choice = null,
}: SampleOptions = {}): { readonly [key: string]: JsonValue } {
  const timed = (ms: number) => ({
    ...{ ms, lower: ms * (1 - spread / 2), upper: ms * (1 + spread / 2), p90: ms * (1 + spread) },
  });
  const steady = { median: 5, lower: 4.9, upper: 5.1 };
  return resultOf(
    {
      device: { name: adapter, isSoftware },
      ceilings: { gflops: 64, bandwidths: [], launchMs: 0.01 },
      date,
      machine: machineOf({
        ...{ spreads: [spread], spin: { start: steady, end: steady } },
        ...{ load: { start: 0.2, end: 2 }, cores: 2 },
      }),
    },
    {
      kernels: Object.entries(kernels).map(([key, ms]) => {
        const [name = "", variant = ""] = key.split("/");
        return {
          ...{ name, variant, shape: "50×14×14×6", ...timed(ms), best: ms },
          ...{ gflops: 1 / ms, gbs: null, share: 0.5, dispatches: 1 },
        };
      }),
      forward: [],
      trainStep: [
        { model: "lenet5", batch: 50, ...timed(step), steps: 400, dispatches: 37, loss: 0.7 },
      ],
      choice,
    },
  );
}
