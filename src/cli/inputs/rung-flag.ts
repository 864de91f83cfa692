// The flags that ask for other kernels than the usual: for a rung of a ladder by name, or for a variant, `--rung conv2d.dx=naive`,
// `--rung gemm=tiled:64x64/8x4/16`; and for each op its own, `--no-fuse`.

import { UsageError, VitrineError } from "../../engine/core/errors.ts";
import { LADDERS } from "../../engine/ops/ladders.ts";
import { type Ladder, nameOfVariant } from "../../engine/program/ladder.ts";
import type { Program } from "../../engine/program/program.ts";
import { nearest } from "../frame/flags.ts";

export const RUNG_FLAG = {
  rung: {
    type: "list",
    value: "ladder=rung",
    help: `kernels to use in place of the measured ones, such as conv2d.dx=naive or gemm=tiled:64x64/8x4/16; ladders are ${LADDERS.map(({ name }) => name).join(", ")}`,
  },
} as const;

export const FUSE_FLAG = {
  fuse: {
    type: "boolean",
    default: true,
    help: "record neighbouring ops as one kernel where they can; --no-fuse gives each its own: the same bits in more dispatches",
  },
} as const;

/** By ladder. Throws UsageError for a ladder or a rung that there is not, and for a ladder named twice. */
export function rungsOf(asked: readonly string[]): Readonly<Record<string, string>> {
  const rungs: Record<string, string> = {};
  for (const text of asked) {
    const [ladder, rung] = parse(text);
    if (Object.hasOwn(rungs, ladder)) {
      throw new UsageError(
        `--rung: must name a ladder once, got ${ladder}=${rungs[ladder]} and ${text}`,
      );
    }
    rungs[ladder] = rung;
  }
  return rungs;
}

function parse(text: string): readonly [ladder: string, rung: string] {
  const [name = "", rung = "", ...rest] = text.split("=");
  const ladders = LADDERS.map((ladder) => ladder.name);
  const ladder = LADDERS.find((candidate) => candidate.name === name);
  if (rest.length > 0 || rung === "" || name === "") {
    throw new UsageError(
      `--rung: must be ladder=rung, such as gemm=naive, got ${JSON.stringify(text)}`,
    );
  }
  if (!ladder) throw unknown("ladder", name, ladders);
  return [name, rungOf(ladder, rung)];
}

/** The rung as tables call it; a variant's name follows a colon, because a blank would end the flag's value. */
function rungOf({ name, rungs }: Ladder<object>, text: string): string {
  const [rungName = "", ...rest] = text.split(":");
  const rung = rungs.find((one) => one.name === rungName);
  if (!rung) {
    throw unknown(
      `rung of ${name}`,
      rungName,
      rungs.map((one) => one.name),
    );
  }
  if (rest.length === 0) return rungName;
  const variant = rest.join(":");
  const variants = (rung.variants ?? []).map((one) => one.name);
  if (variants.length === 0) {
    throw new UsageError(`--rung: ${rungName} of ${name} has no variants, got ${text}`);
  }
  if (!variants.includes(variant)) throw unknown(`variant of ${rungName}`, variant, variants);
  return nameOfVariant(rungName, variant);
}

function unknown(what: string, got: string, names: readonly string[]): UsageError {
  const near = nearest(got, names);
  const details = near === undefined ? {} : { help: `did you mean ${near}?` };
  return new UsageError(
    `--rung: is no ${what}, which are ${names.join(", ")}, got ${got}`,
    details,
  );
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
      /^([\w.]+): no rung (.+) for this problem, got (.*)$/.exec(cause.message) ?? [];
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
