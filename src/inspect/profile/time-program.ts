// Times a compiled program: warm up, then samples of as many replays per submit as fill a few tens of milliseconds, so
// that one figure holds the kernels and not the submit. Reports median, quartiles and 90th percentile of one replay.

import type { Device } from "../../engine/core/device.ts";
import type { Executable } from "../../engine/program/executor.ts";
import { type Sampled, sampled } from "./statistics.ts";

/** Milliseconds that the samples of one program should take at most; slow ones get five samples. */
const MAX_MS = 2000;

/** Milliseconds per replay. */
export interface Timing extends Sampled {
  readonly p90: number;
  readonly min: number;
  readonly samples: number;
  readonly replaysPerSample: number;
}

export interface TimingOptions {
  readonly samples?: number;
  /** Milliseconds that one sample should take. */
  readonly sampleMs?: number;
}

export async function timeProgram(
  device: Device,
  executable: Executable,
  options: TimingOptions = {},
): Promise<Timing> {
  const { sampleMs = 25 } = options;
  const once = async (replays: number) => {
    const start = performance.now();
    executable.run(replays);
    await device.settle();
    return performance.now() - start;
  };
  // The first run may compile. Then four to warm up, or one where that alone takes long.
  await once(1);
  let single = await once(1);
  for (let warm = 0; warm < 3 && single < MAX_MS / 10; warm++) single = await once(1);
  const wanted = options.samples ?? 30;
  const samples = Math.max(5, Math.min(wanted, Math.round(MAX_MS / Math.max(single, 0.01))));
  const replays = Math.max(1, Math.min(1000, Math.round(sampleMs / Math.max(single, 0.01))));
  const times: number[] = [];
  for (let sample = 0; sample < samples; sample++) times.push((await once(replays)) / replays);
  times.sort((a, b) => a - b);
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0;
  return { ...sampled(times), p90: at(0.9), min: at(0), samples, replaysPerSample: replays };
}
