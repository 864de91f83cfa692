// --rung: which way of a ladder to take in place of the one that was measured to be the best.

import { UsageError, VitrineError } from "../../engine/core/errors.ts";
import type { Program } from "../../engine/program/program.ts";

export const RUNG_FLAG = {
  rung: {
    type: "string",
    value: "ladder=rung",
    many: true,
    help: "take this rung of a ladder, such as conv2d.dx=naive; may be given several times",
  },
} as const;

/** By ladder; whether there is such a one is known when the step is recorded. */
export function rungsOf(given: readonly string[]): Readonly<Record<string, string>> {
  const rungs: Record<string, string> = {};
  for (const text of given) {
    const [, ladder, rung] = /^([\w.]+)=(\w+)$/.exec(text) ?? [];
    if (ladder === undefined || rung === undefined) {
      throw new UsageError(
        `--rung: must be a ladder and its rung, such as conv2d.dx=naive, got ${JSON.stringify(text)}`,
      );
    }
    if (Object.hasOwn(rungs, ladder)) {
      throw new UsageError(
        `--rung: must name a ladder once, got ${ladder}=${rungs[ladder]} and ${text}`,
      );
    }
    rungs[ladder] = rung;
  }
  return rungs;
}

/** What `open` records; an error of a rung that does not fit becomes the flag's. */
export async function withRungs<T>(
  rungs: Readonly<Record<string, string>>,
  open: () => Promise<T>,
): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    if (!(cause instanceof VitrineError)) throw cause;
    const [, ladder, rung, fitting] =
      /^([\w.]+): no rung (\w+) for this problem, got (.*)$/.exec(cause.message) ?? [];
    if (ladder === undefined || rungs[ladder] !== rung) throw cause;
    throw new UsageError(
      `--rung: must be a rung that fits every problem of ${ladder}, got ${rung}`,
      {
        help: `those that fit are ${fitting}`,
        cause,
      },
    );
  }
}

/** Throws UsageError for a ladder that the program does not climb. */
export function checkLadders(
  rungs: Readonly<Record<string, string>>,
  { solutions }: Program,
): void {
  const ladders = new Map(solutions.map(({ ladder, fitting }) => [ladder, fitting]));
  const unknown = Object.keys(rungs).find((ladder) => !ladders.has(ladder));
  if (unknown === undefined) return;
  const known = [...ladders].map(([ladder, fitting]) => `${ladder} (${fitting.join(", ")})`);
  throw new UsageError(`--rung: must name a ladder of this step, got ${unknown}`, {
    help: `the ladders and their rungs are ${known.join("; ")}`,
  });
}
