// Replays a program many times, in submits sized so that the host hears from the device a few times a second: two are in
// flight, so that the device does not wait while the host encodes.

import type { Device } from "../engine/core/device.ts";
import type { Executable } from "../engine/program/executor.ts";
import type { Supply } from "./rows/row-stream.ts";

const SUBMIT_MS = 120;
const MAX_REPLAYS = 400;

/** Called after each submit with the replays done and its milliseconds per replay; false stops, once those in flight are through. */
export type PaceReport = (done: number, msPerReplay: number) => boolean | Promise<boolean>;

export interface Paced {
  readonly executable: Executable;
  /** Default: what a replay reads is there. */
  readonly supply?: Supply | null;
}

/** The replays that were run: fewer than asked for where `report` stopped them. */
export async function runPaced(
  device: Device,
  { executable, supply = null }: Paced,
  replays: number,
  report: PaceReport,
): Promise<number> {
  let submitted = 0;
  let done = 0;
  let size = 1;
  let last = performance.now();
  const inFlight: { readonly count: number; readonly settled: Promise<void> }[] = [];
  while (done < replays) {
    while (inFlight.length < 2 && submitted < replays) {
      const count = Math.min(size, replays - submitted, supply?.most ?? size);
      await supply?.bring(submitted, count);
      executable.run(count);
      submitted += count;
      const settled = device.settle();
      // When the device is lost, the first in flight tells; the other must not end the process as unhandled.
      settled.catch(() => undefined);
      inFlight.push({ count, settled });
    }
    const oldest = inFlight.shift();
    if (!oldest) break;
    await oldest.settled;
    done += oldest.count;
    const now = performance.now();
    const ms = (now - last) / oldest.count;
    last = now;
    size = Math.max(1, Math.min(MAX_REPLAYS, 2 * size, Math.round(SUBMIT_MS / Math.max(ms, 1e-3))));
    if (!(await report(done, ms))) {
      await Promise.all(inFlight.map((submit) => submit.settled));
      break;
    }
  }
  return submitted;
}
