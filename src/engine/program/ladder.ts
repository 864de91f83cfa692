// Ladders: a heavy op is written several times, from the naive kernel that every other is checked against to the one
// that suits the hardware best. Each rung says which shapes it can take, and where it was measured to be worth it; the first
// such rung in the order for the kind of adapter is used, unless the recorder's table has the rung that was measured to be the
// fastest for that very problem. The order for software adapters was measured (bench/results); the one for hardware is an
// assumption so far.

import { VitrineError } from "../core/errors.ts";
import type { Capabilities } from "./program.ts";
import type { Recorder } from "./recorder.ts";

export type RungName = "naive" | "tiled" | "subgroup" | "implicit" | "gemm" | "winograd";

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
}

export interface Ladder<Problem> {
  /** `gemm`, `conv2d.forward`, …: what `RecorderOptions.rungs` and the bench call it. */
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
  software: ["gemm", "implicit", "subgroup", "naive", "tiled"],
  hardware: ["gemm", "tiled", "subgroup", "naive"],
};

/** The order in which rungs are tried where none was asked for. */
export function preferenceOf({
  isSoftware,
}: Pick<Capabilities, "isSoftware">): readonly RungName[] {
  return PREFERENCE[isSoftware ? "software" : "hardware"];
}

/** What a table of rungs calls a problem. */
export function keyOfProblem<Problem>(ladder: Ladder<Problem>, problem: Problem): string {
  return `${ladder.name} ${ladder.describe(problem)}`;
}

/**
 * Records `problem` on the rung that was asked for by name; or on the one that the recorder's table has for it, where that one
 * fits; or on the first in the order that fits and suits.
 */
export function climb<Problem extends object>(
  rec: Recorder,
  ladder: Ladder<Problem>,
  problem: Problem,
): void {
  const fitting = ladder.rungs.filter((rung) => rung.fits(problem, rec.capabilities));
  const named = (name: string | undefined) => fitting.find((rung) => rung.name === name);
  const key = keyOfProblem(ladder, problem);
  const asked = rec.rungs[ladder.name];
  const measured = named(rec.rungTable.choiceFor(key));
  const rung =
    asked === undefined ? (measured ?? firstInOrder(rec, fitting, problem)) : named(asked);
  const names = fitting.map(({ name }) => name);
  if (!rung) {
    const tried = asked ?? preferenceOf(rec.capabilities).join(" or ");
    throw new VitrineError(
      `${ladder.name}: no rung ${tried} for this problem, got ${names.join(", ")}`,
    );
  }
  const isAsked = asked !== undefined;
  if (!isAsked) rec.rungTable.note(key, rung.name);
  const solution = {
    ...{ ladder: ladder.name, rung: rung.name, problem, fitting: names },
    ...{ isAsked, isMeasured: rung === measured && !isAsked },
  };
  rec.solving(solution, () => rung.record(rec, problem));
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
