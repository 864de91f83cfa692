// Replays the whole batches of an epoch: most in long submits, those at which something else is due one by one.

import type { Device } from "../engine/core/device.ts";
import type { Executable } from "../engine/program/executor.ts";
import { runPaced } from "./pace.ts";
import type { Supply } from "./rows/row-stream.ts";

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
  /** Brings the rows of steps of the epoch; default: they are there. */
  readonly supply?: Supply | null;
  /** Steps of the epoch that are done, and those that it has. */
  readonly from: number;
  readonly to: number;
  /** Steps of the run before this epoch. */
  readonly earlier: number;
  readonly due: readonly Due[];
  /** After each submit: the steps of the epoch that are done, and milliseconds a step, null where none were timed. */
  readonly report: (done: number, msPerStep: number | null) => Promise<StepsReport>;
  /** Called where `report` asked for it, with no step under way; awaited. */
  readonly pause: (done: number) => Promise<void>;
}

export type StepsReport = "go on" | "pause" | "stop";

/** The steps of the epoch that are done: fewer than `to` where `report` stopped it. */
export async function runSteps(request: StepsRequest): Promise<number> {
  const { device, executable, supply = null, to, earlier, due, report, pause } = request;
  let done = request.from;
  let next: StepsReport = "go on";
  while (done < to && next !== "stop") {
    const base = done;
    const plain = plainSteps(due, { at: earlier + done, most: to - done });
    const onPace = async (count: number, ms: number): Promise<boolean> => {
      next = await report(base + count, ms);
      return next === "go on";
    };
    const paced = { executable, supply: supply && suppliedFrom(supply, base) };
    if (plain > 0) done += await runPaced(device, paced, plain, onPace);
    // Read anew: a closure sets it.
    if (done < to && done === base + plain && (next as StepsReport) !== "stop") {
      await supply?.bring(done, 1);
      await dueStep(executable, due, earlier + ++done);
      if (next === "go on") next = await report(done, null);
    }
    if ((next as StepsReport) === "pause") {
      await pause(done);
      next = "go on";
    }
  }
  return done;
}

function suppliedFrom({ most, bring }: Supply, base: number): Supply {
  return { most, bring: (from, replays) => bring(base + from, replays) };
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
