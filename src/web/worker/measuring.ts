// The bench's kernels on the adapter of the page, and the training step of the page's data: a table, and a result as `npm run bench` writes it.

import type { Device } from "../../engine/core/device.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { measureCeilings } from "../../inspect/profile/ceilings.ts";
import { BUSY } from "../../inspect/profile/statistics.ts";
import { benchCases } from "../../inspect/timing/cases.ts";
import { resultRecord } from "../../inspect/timing/result-record.ts";
import { type KernelResult, timeCase } from "../../inspect/timing/time-case.ts";
import type { MeasuredView } from "../../page/web/protocol.ts";
import type { Stage } from "./open-data.ts";

export interface MeasureRequest {
  readonly device: Device;
  /** Part of the names of what is timed; empty for all. */
  readonly filter: string;
  readonly stage: Stage;
  readonly signal: AbortSignal;
}

export function measurableNames(): readonly string[] {
  return [...new Set([...benchCases()].map(({ name }) => name))];
}

/** Throws UsageError where nothing has the filter in its name; the signal leaves the rest out. */
export async function measureKernels(request: MeasureRequest): Promise<MeasuredView> {
  const { device, filter, stage, signal } = request;
  const wanted = [...benchCases()].filter(({ name }) => name.includes(filter.trim()));
  if (wanted.length === 0) {
    throw new UsageError(`measure: must be part of a name, got ${filter}`, {
      help: `the names are ${measurableNames().join(", ")}`,
    });
  }
  const date = new Date().toISOString();
  stage("measuring ceilings");
  const ceilings = await measureCeilings(device, { signal });
  const kernels: KernelResult[] = [];
  for (const [index, one] of wanted.entries()) {
    if (signal.aborted) break;
    stage(`timing ${one.name}`, index / wanted.length);
    for await (const result of timeCase(device, one, ceilings)) kernels.push(result);
  }
  const spreads = kernels.map(({ ms, lower, upper }) => (upper - lower) / ms).sort((a, b) => a - b);
  const spread = spreads[spreads.length >> 1] ?? null;
  const machine = { noisy: spread !== null && spread > BUSY, spread };
  const none = { forward: [], trainStep: [], choice: null };
  const result = resultRecord({ device, ceilings, date, machine }, { ...none, kernels });
  return { kernels, isNoisy: machine.noisy, json: `${JSON.stringify(result, null, 1)}\n` };
}
