// Replays the whole batches of an epoch: most in long submits, those at which something else is due one by one.

import type { Device } from "../engine/core/device.ts";
import type { Executable } from "../engine/program/executor.ts";
import { type PaceReport, runPaced } from "./pace.ts";

/** What happens at every n-th step of a run, counted from 1. */
export interface Due {
  readonly every: number;
  /** Before the step; awaited. */
  readonly before?: ((step: number) => Promise<void>) | undefined;
  /** A program that takes the step in place of the plain one. */
  readonly instead?:
    | {
        readonly executable: () => Promise<Executable>;
        /** Once the step is submitted. */
        readonly after: (step: number) => Promise<void>;
      }
    | undefined;
}

export interface StepsRequest {
  readonly device: Device;
  readonly executable: Executable;
  /** Steps of the epoch that are done, and those that it has. */
  readonly from: number;
  readonly to: number;
  /** Steps of the run before this epoch. */
  readonly earlier: number;
  readonly due: readonly Due[];
  /** As runPaced calls it; steps count from the epoch's first. */
  readonly report: PaceReport;
}

/** False when `report` stopped it. */
export async function runSteps(request: StepsRequest): Promise<boolean> {
  const { device, executable, to, earlier, due, report } = request;
  let goesOn = true;
  for (let done = request.from; done < to && goesOn; ) {
    const plain = plainSteps(due, { at: earlier + done, most: to - done });
    const base = done;
    const onPace: PaceReport = async (count, ms) => {
      goesOn = await report(base + count, ms);
      return goesOn;
    };
    if (plain > 0) await runPaced(device, executable, plain, onPace);
    done += plain;
    if (done < to && goesOn) await dueStep(executable, due, earlier + ++done);
  }
  return goesOn;
}

/** Steps after `at` before one at which something is due. */
function plainSteps(
  due: readonly Due[],
  { at, most }: { readonly at: number; readonly most: number },
): number {
  const until = due.map(({ every }) => every - 1 - (at % every));
  return Math.min(most, ...until);
}

/** Runs one step with all that is due at it. */
export async function dueStep(
  executable: Executable,
  due: readonly Due[],
  step: number,
  run: (executable: Executable) => void | Promise<void> = (own) => own.run(),
): Promise<void> {
  const now = due.filter(({ every }) => step % every === 0);
  for (const { before } of now) await before?.(step);
  const instead = now.find((one) => one.instead !== undefined)?.instead;
  await run(instead ? await instead.executable() : executable);
  await instead?.after(step);
}
