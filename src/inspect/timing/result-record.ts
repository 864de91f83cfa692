// A result of the bench as it is written, by `npm run bench` and by the page: what `--against` and `--history` read.

import type { Device } from "../../engine/core/device.ts";
import type { JsonValue } from "../../io/files.ts";
import type { Ceilings } from "../profile/bandwidths.ts";
import type { KernelResult } from "./time-case.ts";
import type { TrainStepResult } from "./train-step.ts";

/** Raised when the form changes in a way that older readers would misread; the first had no `format`. */
export const RESULT_FORMAT = 2;

export interface Circumstances {
  readonly device: Pick<Device, "name" | "isSoftware">;
  readonly ceilings: Ceilings;
  /** As ISO 8601 has it. */
  readonly date: string;
  /** What is known of it; `noisy` where samples are not to be believed. */
  readonly machine: { readonly noisy: boolean } & { readonly [key: string]: JsonValue };
}

export interface Measured {
  readonly kernels: readonly KernelResult[];
  readonly forward: readonly JsonValue[];
  readonly trainStep: readonly TrainStepResult[];
  readonly choice: JsonValue;
}

export function resultRecord(
  { device, ceilings, date, machine }: Circumstances,
  { kernels, forward, trainStep, choice }: Measured,
): { readonly [key: string]: JsonValue } {
  return {
    ...{ format: RESULT_FORMAT, date, adapter: device.name, software: device.isSoftware },
    machine,
    ceilings: { ...ceilings, bandwidths: ceilings.bandwidths.map((one) => ({ ...one })) },
    kernels: kernels.map((result): JsonValue => ({ ...result })),
    forward,
    trainStep: trainStep.map((result): JsonValue => ({ ...result })),
    choice,
  };
}

export function stepName(model: string, batch: number): string {
  return `train step ${model} batch ${batch}`;
}
