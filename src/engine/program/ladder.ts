// Ladders: a heavy op is written several times, from the naive kernel that every other is checked against to the one
// that suits the hardware best. Each rung says which shapes it can take, and where it was measured to be worth it; the first
// such rung in the order for the kind of adapter is used, unless the recorder's table has the rung that was measured to be the
// fastest for that very problem. The order for software adapters was measured (bench/results); the one for hardware is an
// assumption so far.

import { VitrineError } from "../core/errors.ts";
import type { Capabilities } from "./program.ts";
import type { Recorder } from "./recorder.ts";

export type RungName =
  | "naive"
  | "tiled"
  | "subgroup"
  | "implicit"
  | "gemm"
  | "winograd"
  | "winograd4"
  | "toeplitz"
  | "subgroup-matrix"
  | "columns"
  | "sliding";

export interface Rung<Problem> {
  readonly name: RungName;
  /** Whether the rung can take this problem on an adapter of these capabilities. */
  fits(problem: Problem, capabilities: Capabilities): boolean;
  /** Whether it was measured to be worth it, where nothing was asked for; default: always. */
  suits?(problem: Problem, capabilities: Capabilities): boolean;
  /**
   * What the rung's result may be off beyond the rounding of a sum of products, as a share of its largest element; default 0. A rung
   * with such an error is in no order of preference.
   */
  readonly errorOfLargest?: number;
  /** Records the dispatches that solve the problem. */
  record(rec: Recorder, problem: Problem): void;
  /**
   * The same kernel in other sizes. One is taken where it was asked for or measured to be the fastest, never by order; it is
   * called by the rung's name and its own, `tiled 64x64/8x4/16`.
   */
  readonly variants?: readonly Variant<Problem>[];
}

export interface Variant<Problem> {
  /** Without blanks. */
  readonly name: string;
  /** Whether it is what the rung by itself records for the problem. */
  isDefault(problem: Problem): boolean;
  fits(problem: Problem, capabilities: Capabilities): boolean;
  /** Whether it may be faster than the rung by itself, so that measuring it is worth the time. */
  suits(problem: Problem): boolean;
  record(rec: Recorder, problem: Problem): void;
}

export interface Ladder<Problem> {
  /** `gemm`, `conv2d.forward`, …: what `RecorderOptions.rungs` and the bench call it. Without blanks. */
  readonly name: string;
  /**
   * All that the time of the problem depends on, in words that a person reads and without a line break: extents, strides,
   * padding, what is done to the result. Problems of the same words are solved on the same rung.
   */
  describe(problem: Problem): string;
  /** From naive, which fits everything, upwards. */
  readonly rungs: readonly Rung<Problem>[];
}

/**
 * Software adapters have no cheap workgroup memory, and emulate subgroups with processor vectors: see bench/NOTES.md. The
 * implicit rung is written for them, a workgroup being one subgroup, and is not among hardware's.
 */
const PREFERENCE: Readonly<Record<"software" | "hardware", readonly RungName[]>> = {
  software: ["gemm", "sliding", "implicit", "subgroup", "columns", "naive", "tiled"],
  hardware: ["gemm", "tiled", "subgroup", "sliding", "columns", "naive"],
};

/** The order in which rungs are tried where none was asked for. */
export function preferenceOf({
  isSoftware,
}: Pick<Capabilities, "isSoftware">): readonly RungName[] {
  return PREFERENCE[isSoftware ? "software" : "hardware"];
}

/** What a variant of a rung is called where rungs are. */
export function nameOfVariant(rung: string, variant: string): string {
  return `${rung} ${variant}`;
}

/** The rung of what may be a variant's name: `tiled` of `tiled 64x64/8x4/16`. */
export function rungOfName(name: string): string {
  return name.split(" ", 1)[0] ?? name;
}

/** A rung, or a variant of one, that can take a problem. */
interface Way<Problem> {
  readonly name: string;
  record(rec: Recorder, problem: Problem): void;
}

/** What is called so and fits; a variant may fit where its rung by itself does not. */
function wayOf<Problem>(
  { rungs }: Ladder<Problem>,
  { problem, capabilities }: { readonly problem: Problem; readonly capabilities: Capabilities },
  name: string,
): Way<Problem> | undefined {
  const rung = rungs.find((one) => one.name === rungOfName(name));
  if (rung?.name === name) return rung.fits(problem, capabilities) ? rung : undefined;
  const variant = rung?.variants?.find((one) => nameOfVariant(rung.name, one.name) === name);
  if (!variant?.fits(problem, capabilities)) return undefined;
  return { name, record: (rec) => variant.record(rec, problem) };
}

/** What a table of rungs calls a problem. */
export function keyOfProblem<Problem>(ladder: Ladder<Problem>, problem: Problem): string {
  return `${ladder.name} ${ladder.describe(problem)}`;
}

/** The name of the ladder, of what a table calls one of its problems. */
export function ladderOfKey(key: string): string {
  return key.split(" ", 1)[0] ?? key;
}

/**
 * Records `problem` on the rung, or the variant of one, that was asked for by name; or on the one that the recorder's table has
 * for it, where that one fits; or on the first in the order that fits and suits.
 */
export function climb<Problem extends object>(
  rec: Recorder,
  ladder: Ladder<Problem>,
  problem: Problem,
): void {
  const { capabilities } = rec;
  const fitting = ladder.rungs.filter((rung) => rung.fits(problem, capabilities));
  const named = (name: string) => wayOf(ladder, { problem, capabilities }, name);
  const key = keyOfProblem(ladder, problem);
  const asked = rec.rungs[ladder.name];
  const choice = rec.rungTable.choiceFor(key);
  const measured = asked === undefined && choice !== undefined ? named(choice) : undefined;
  const way =
    asked === undefined ? (measured ?? firstInOrder(rec, fitting, problem)) : named(asked);
  const names = fitting.map(({ name }) => name);
  if (!way) {
    const tried = asked ?? preferenceOf(capabilities).join(" or ");
    throw new VitrineError(
      `${ladder.name}: no rung ${tried} for this problem, got ${names.join(", ")}`,
    );
  }
  const isAsked = asked !== undefined;
  if (!isAsked) rec.rungTable.note(key, way.name);
  const solution = {
    ...{ ladder: ladder.name, rung: way.name, problem, fitting: names },
    ...{ isAsked, isMeasured: way === measured },
  };
  rec.solving(solution, () => way.record(rec, problem));
}

function firstInOrder<Problem>(
  { capabilities }: Recorder,
  fitting: readonly Rung<Problem>[],
  problem: Problem,
): Rung<Problem> | undefined {
  const suiting = fitting.filter((rung) => rung.suits?.(problem, capabilities) ?? true);
  const order = preferenceOf(capabilities);
  return order.map((name) => suiting.find((rung) => rung.name === name)).find((rung) => rung);
}
