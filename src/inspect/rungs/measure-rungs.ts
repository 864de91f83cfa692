// Measures ladders' rungs on the adapter at hand, problem by problem: which of them agree with the naive one, how long each
// takes, and which to take; then the variants of those that are not far behind. Samples of the candidates are interleaved, so that what disturbs the machine disturbs them all, and
// of each the least counts. What is measured is data here; runs/kernel-table.ts keeps it in a file.

import type { Device } from "../../engine/core/device.ts";
import { DeviceError, DeviceLostError } from "../../engine/core/errors.ts";
import { type RungChoices, RungTable } from "../../engine/core/rung-table.ts";
import { sizeOf } from "../../engine/core/shape.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import { keyOfSolution, variantsOf } from "../../engine/ops/ladders.ts";
import type { Executable } from "../../engine/program/executor.ts";
import { rungOfName } from "../../engine/program/ladder.ts";
import type { Capabilities, Program, Solution } from "../../engine/program/program.ts";
import { compare } from "../verify/compare.ts";
import type { Product } from "../verify/reference/product.ts";
import { expectedBeside, productOf, resultsOf } from "../verify/reference/products.ts";
import { roomOf, withRoom } from "../verify/room.ts";
import { Stand, solveOn } from "../verify/solve.ts";
import type { Values } from "../walk.ts";

/** What was measured of one problem. */
export interface MeasuredProblem {
  /** The rung to take, or the variant of one: `tiled 64x64/8x4/16`. */
  readonly rung: string;
  /** The one that the ladder's order takes. */
  readonly ordered: string;
  /** Least milliseconds of the rungs that agree with naive; of one that is far behind, after few samples. */
  readonly ms: Readonly<Record<string, number>>;
  /** Rungs whose result is not that of naive within what rounding explains, or that do not compile. */
  readonly refused: readonly string[];
  /** Whether there was time for the rungs by themselves alone; default false. */
  readonly variantsLeft?: boolean;
}

/** By the words that a table calls a problem with. */
export type MeasuredProblems = ReadonlyMap<string, MeasuredProblem>;

/** Whether it was, or there was no time for it (see fill-table.ts). */
export function isMeasured({ ms }: MeasuredProblem): boolean {
  return Object.keys(ms).length > 0;
}

/** The rungs to take of what was measured. */
export function choicesOf(measured: MeasuredProblems): RungChoices {
  return new Map([...measured].map(([key, { rung }]) => [key, rung]));
}

/** The problems of programs, each once: those alike in all but their tensors are one. */
export function problemsOf(programs: readonly Program[]): ReadonlyMap<string, Solution> {
  const solutions = programs.flatMap((program) => program.solutions);
  return new Map(solutions.map((solution) => [keyOfSolution(solution), solution]));
}

const ROUNDS = 7;
/** More of them for a rung that would take the place of the order's, and for that one: the machine may have been disturbed. */
const DECIDING_ROUNDS = 15;
/** Milliseconds that the runs of one sample should fill. */
const SAMPLE_MS = 4;
const MOST_RUNS = 200;
/** A candidate so many times slower than the best is given up, and so are the variants of such a rung. */
const HOPELESS = 3;
/** A rung takes the place of the order's where it takes less than this share of its time: what is nearly as fast is left alone. */
const WORTH_IT = 0.95;

type Agrees = (rung: string, got: Values) => boolean;

interface Candidate {
  readonly rung: string;
  readonly executable: Executable;
  readonly runs: number;
  ms: number;
  samples: number;
}

/** What is found out of one problem while it is measured. */
interface Trial {
  readonly stand: Stand;
  /** The rung that the order takes. */
  readonly ordered: string;
  readonly agreements: ReadonlyMap<Product, Agrees>;
  readonly candidates: Candidate[];
  readonly refused: string[];
}

/** The rungs by themselves, or their variants as well. */
export type Thoroughness = "rungs" | "variants";

/** Measures problems, and those that they are made of on some rung before them; what it knows, it does not measure again. */
export class RungMeasurement {
  readonly #device: Device;
  readonly #signal: AbortSignal;
  readonly #table: RungTable;
  readonly #measured = new Map<string, MeasuredProblem>();

  /** `known`: what was measured before. Whoever aborts the signal gets its reason thrown, and keeps what is measured by then. */
  constructor(device: Device, known: MeasuredProblems, signal: AbortSignal) {
    this.#device = device;
    this.#signal = signal;
    this.#table = new RungTable(choicesOf(known));
  }

  /** What was not known before. */
  get measured(): MeasuredProblems {
    return this.#measured;
  }

  /** One that was measured without variants may be measured again with them. */
  async measure(solution: Solution, how: Thoroughness = "variants"): Promise<void> {
    const key = keyOfSolution(solution);
    const product = productOf(solution);
    if (!product || !this.#isLacking(solution, how)) return;
    const values = randomInputs(product);
    const stand = new Stand(this.#device, { solution, product, values });
    try {
      await this.#measureParts(solution, stand, how);
      const found = await this.#measureOn(stand, { solution, product, values }, how);
      this.#measured.set(key, found);
      this.#table.choose(new Map([[key, found.rung]]));
    } finally {
      stand.close();
    }
  }

  #isLacking(solution: Solution, how: Thoroughness): boolean {
    const key = keyOfSolution(solution);
    if (this.#table.choiceFor(key) === undefined) return true;
    const measured = this.#measured.get(key);
    return how === "variants" && measured?.variantsLeft === true;
  }

  /** A convolution as a matrix product takes the best of those. */
  async #measureParts({ fitting }: Solution, stand: Stand, how: Thoroughness): Promise<void> {
    for (const rung of fitting) {
      const { solutions } = stand.record(rung, this.#table);
      for (const inner of solutions.filter(({ within }) => within !== null)) {
        await this.measure(inner, how);
      }
    }
  }

  async #measureOn(stand: Stand, problem: Problem, how: Thoroughness): Promise<MeasuredProblem> {
    const { solution } = problem;
    const ordered = stand.record(null, this.#table).solutions[0]?.rung ?? "naive";
    const agreements = new Map<Product, Agrees>();
    for (const one of resultsOf(problem.product)) {
      agreements.set(one, await this.#agreement(problem, one));
    }
    const trial: Trial = { stand, ordered, agreements, candidates: [], refused: [] };
    await this.#try(trial, solution.fitting);
    const variants = promisingVariants(solution, stand.capabilities, timesOf(trial));
    const variantsLeft = how === "rungs" && variants.length > 0;
    if (!variantsLeft && variants.length > 0) await this.#try(trial, variants);
    const rivals = [chosenOf(timesOf(trial), ordered), ordered];
    if (rivals[0] !== ordered) {
      const two = trial.candidates.filter(({ rung }) => rivals.includes(rung));
      await this.#sample(two, { rounds: DECIDING_ROUNDS, ordered });
    }
    const ms = timesOf(trial);
    const { refused } = trial;
    const found = { rung: chosenOf(ms, ordered), ordered, ms, refused };
    return variantsLeft ? { ...found, variantsLeft } : found;
  }

  /** Adds candidates, and samples them beside those that are there. */
  async #try(
    { stand, agreements, ordered, ...trial }: Trial,
    rungs: readonly string[],
  ): Promise<void> {
    for (const rung of rungs) {
      this.#signal.throwIfAborted();
      const candidate = await this.#candidate(stand, rung, agreements);
      if (candidate) trial.candidates.push(candidate);
      else trial.refused.push(rung);
    }
    await this.#sample(trial.candidates, { rounds: ROUNDS, ordered });
  }

  /** Whether a result is that of the naive rung, as far as the sums' rounding lets it be. */
  async #agreement({ solution, product, values }: Problem, of: Product): Promise<Agrees> {
    const naive = { solution, product, of, values, rung: "naive" };
    const expected = await solveOn(this.#device, naive);
    const magnitudes = await solveOn(this.#device, { ...naive, magnitudes: true });
    const at = (index: number) =>
      expectedBeside(of, expected[index] ?? Number.NaN, magnitudes[index] ?? Number.NaN);
    return (rung, got) => {
      const room = roomOf(solution, { rung, got });
      return compare(got, expected.keys(), (index) => withRoom(at(index), room)).outside === 0;
    };
  }

  /** Compiled, run and compared; null for a rung that is not to be taken. */
  async #candidate(
    stand: Stand,
    rung: string,
    agreements: ReadonlyMap<Product, Agrees>,
  ): Promise<Candidate | null> {
    try {
      const executable = await stand.compile(stand.record(rung, this.#table));
      stand.poison();
      executable.run();
      for (const [product, agrees] of agreements) {
        if (!agrees(rung, await stand.result(executable, product))) return null;
      }
      const single = await this.#time(executable, 1);
      const runs = Math.max(1, Math.min(MOST_RUNS, Math.round(SAMPLE_MS / single)));
      return { rung, executable, runs, ms: single, samples: 0 };
    } catch (error) {
      if (error instanceof DeviceError && !(error instanceof DeviceLostError)) return null;
      throw error;
    }
  }

  /** The order's rung is sampled to the end: it is what the others are to be faster than. */
  async #sample(
    candidates: readonly Candidate[],
    { rounds, ordered }: { readonly rounds: number; readonly ordered: string },
  ): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const best = Math.min(...candidates.map(({ ms }) => ms));
      const isHopeless = ({ rung, ms, samples }: Candidate) =>
        samples > 0 && rung !== ordered && ms > HOPELESS * best;
      for (const one of candidates.filter((candidate) => !isHopeless(candidate))) {
        this.#signal.throwIfAborted();
        one.ms = Math.min(one.ms, (await this.#time(one.executable, one.runs)) / one.runs);
        one.samples++;
      }
    }
  }

  async #time(executable: Executable, runs: number): Promise<number> {
    const start = performance.now();
    executable.run(runs);
    await this.#device.settle();
    return performance.now() - start;
  }
}

interface Problem {
  readonly solution: Solution;
  readonly product: Product;
  readonly values: (tensor: Tensor) => Values;
}

function timesOf({ candidates }: Trial): Readonly<Record<string, number>> {
  return Object.fromEntries(candidates.map(({ rung, ms }) => [rung, ms]));
}

/** The variants that are worth a try: of rungs that are not far behind, or do not fit by themselves. */
function promisingVariants(
  solution: Solution,
  capabilities: Capabilities,
  ms: Readonly<Record<string, number>>,
): readonly string[] {
  const best = Math.min(...Object.values(ms));
  return variantsOf(solution, capabilities, { onlySuiting: true }).filter((name) => {
    const rung = rungOfName(name);
    return (
      !solution.fitting.includes(rung) || (ms[rung] ?? Number.POSITIVE_INFINITY) <= HOPELESS * best
    );
  });
}

/** The fastest, unless the order's is nearly as fast. */
export function chosenOf(ms: Readonly<Record<string, number>>, ordered: string): string {
  const [fastest = ordered] = Object.keys(ms).sort((a, b) => (ms[a] ?? 0) - (ms[b] ?? 0));
  const isWorthIt = (ms[fastest] ?? 0) < WORTH_IT * (ms[ordered] ?? Number.POSITIVE_INFINITY);
  return isWorthIt ? fastest : ordered;
}

/** Of both signs, and so large that sums of their products are about 1, where activations bend; the same every time. */
export function randomInputs({ inputs, terms }: Product): (tensor: Tensor) => Values {
  const scale = Math.sqrt(3 / Math.sqrt(terms));
  const values = new Map<Tensor, Values>();
  for (const [index, tensor] of inputs.entries()) {
    let state = 0x9e3779b9 ^ (index + 1);
    const next = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return scale * (state / 2 ** 31 - 1);
    };
    values.set(tensor, Float32Array.from({ length: sizeOf(tensor.shape) }, next));
  }
  return (tensor) => values.get(tensor) ?? new Float32Array();
}
