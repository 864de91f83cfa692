// Ladders: a heavy op is written several times, from the naive kernel that every other is checked against to the one
// that suits the hardware best. Each rung says which shapes it can take, and where it was measured to be worth it; the first
// such rung in the order for the kind of adapter is used. The order for software adapters was measured (bench/results); the
// one for hardware is an assumption so far.

import { VitrineError } from "../core/errors.ts";
import type { Capabilities } from "./program.ts";
import type { Recorder } from "./recorder.ts";

export type RungName = "naive" | "tiled" | "subgroup" | "implicit" | "gemm";

export interface Rung<Problem> {
  readonly name: RungName;
  /** Whether the rung can take this problem on an adapter of these capabilities. */
  fits(problem: Problem, capabilities: Capabilities): boolean;
  /** Whether it was measured to be worth it, where nothing was asked for; default: always. */
  suits?(problem: Problem, capabilities: Capabilities): boolean;
  /** Records the dispatches that solve the problem. */
  record(rec: Recorder, problem: Problem): void;
}

export interface Ladder<Problem> {
  /** `gemm`, `conv2d.forward`, …: what `RecorderOptions.rungs` and the bench call it. */
  readonly name: string;
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

/** Records `problem` on the rung that was asked for, or else on the first that fits and suits. */
export function climb<Problem extends object>(
  rec: Recorder,
  ladder: Ladder<Problem>,
  problem: Problem,
): void {
  const fitting = ladder.rungs.filter((rung) => rung.fits(problem, rec.capabilities));
  const wanted = rec.rungs[ladder.name];
  const order = wanted ? [wanted] : preferenceOf(rec.capabilities);
  for (const name of order) {
    const rung = fitting.find((candidate) => candidate.name === name);
    if (rung && (wanted || (rung.suits?.(problem, rec.capabilities) ?? true))) {
      const names = fitting.map((candidate) => candidate.name);
      const isAsked = wanted !== undefined;
      const solution = { ladder: ladder.name, rung: rung.name, problem, fitting: names, isAsked };
      rec.solving(solution, () => rung.record(rec, problem));
      return;
    }
  }
  const names = fitting.map((rung) => rung.name).join(", ");
  throw new VitrineError(
    `${ladder.name}: no rung ${order.join(" or ")} for this problem, got ${names}`,
  );
}
