// What the samples of a step's times have in common, whichever way they are taken.

import type { Device } from "../../engine/core/device.ts";
import { Executable } from "../../engine/program/executor.ts";
import { Recorder } from "../../engine/program/recorder.ts";
import type { OpenStep } from "../step.ts";
import { recordNothing } from "./ceilings.ts";

export type TimingMethod = "timestamps" | "replays";

/** One run of a step, dispatch by dispatch in the order of its plan; milliseconds. */
export interface StepSample {
  readonly ms: readonly number[];
  /** When each began, from the first one's beginning on; null where the method cannot tell. */
  readonly starts: readonly number[] | null;
  /** A dispatch that does nothing, timed in the same way. */
  readonly emptyMs: number;
}

export interface Sampler {
  readonly method: TimingMethod;
  sample(): Promise<StepSample>;
  close(): void;
}

export interface SamplerRequest {
  readonly step: OpenStep;
  /** A program of one dispatch that does nothing. */
  readonly empty: Executable;
}

/** Compiles a dispatch that does nothing, which tells what a method adds to the others. */
export async function compileEmpty(device: Device): Promise<Executable> {
  const rec = new Recorder({ name: "nothing", capabilities: device });
  const y = rec.allocate([4], "nothing");
  rec.keep(y);
  recordNothing(rec, y);
  return Executable.compile(device, rec.finish());
}
