// Hyperband (Li, Jamieson et al. 2018), as KerasTuner's HyperbandOracle with one worker: brackets of successive halving,
// from the most aggressive to plain random search. What a trial goes on from is in its `tuner/…` values. A round waits for
// the one before it; trials of a round need not wait for each other, nor the next bracket for the last round.

import { UsageError } from "../../engine/core/errors.ts";
import type { Values } from "../parameter.ts";
import { Sampler, type Space } from "../space.ts";
import { isScored, type Objective, rankTrials, type Trial } from "../trial.ts";
import type { Oracle } from "./oracle.ts";

export interface HyperbandOptions {
  /** Epochs of the longest trials. */
  readonly maxEpochs: number;
  /** Each round keeps one in so many, for so many times the epochs; default 3. */
  readonly factor?: number;
  /** Times that all brackets are run; default 1. */
  readonly iterations?: number;
  readonly seed: number;
  readonly objective: Objective;
}

export class Hyperband implements Oracle {
  readonly name = "hyperband";
  readonly settings: {
    readonly maxEpochs: number;
    readonly factor: number;
    readonly iterations: number;
    readonly seed: number;
    readonly [name: string]: number;
  };
  readonly #space: Space;
  readonly #objective: Objective;

  constructor(space: Space, options: HyperbandOptions) {
    const { maxEpochs, factor = 3, iterations = 1, seed, objective } = options;
    if (!(factor >= 2)) throw new UsageError(`hyperband: factor must be at least 2, got ${factor}`);
    if (!(maxEpochs >= 1)) {
      throw new UsageError(`hyperband: maxEpochs must be at least 1, got ${maxEpochs}`);
    }
    this.settings = { maxEpochs, factor, iterations, seed };
    this.#space = space;
    this.#objective = objective;
  }

  /** Brackets, numbered from 0; bracket s has s + 1 rounds. */
  get brackets(): number {
    let brackets = 0;
    for (let epochs = this.settings.maxEpochs; epochs >= 1; epochs /= this.settings.factor) {
      brackets++;
    }
    return brackets;
  }

  /** Trials in a round: ⌈E₀ / (s + 1) · factor^(s − r)⌉ with E₀ = ⌈1 + log_factor(maxEpochs)⌉. */
  size(bracket: number, round: number): number {
    const { maxEpochs, factor } = this.settings;
    // Logarithms of powers may miss a whole number by their last digit: ln 9 / ln 3 does, upwards.
    const halvings = Math.ceil(Math.log(maxEpochs) / Math.log(factor) - 1e-9);
    return Math.ceil(((1 + halvings) / (bracket + 1)) * factor ** (bracket - round));
  }

  /** Epochs that a trial of the round has had at its end: ⌈maxEpochs / factor^(s − r)⌉. */
  epochs(bracket: number, round: number): number {
    const { maxEpochs, factor } = this.settings;
    return Math.ceil(maxEpochs / factor ** (bracket - round));
  }

  /** Trials in all, if none fails. */
  get total(): number {
    let total = 0;
    for (let bracket = 0; bracket < this.brackets; bracket++) {
      for (let round = 0; round <= bracket; round++) total += this.size(bracket, round);
    }
    return total * this.settings.iterations;
  }

  mustWait(trials: readonly Trial[]): boolean {
    return this.#next(trials) === WAIT;
  }

  propose(trials: readonly Trial[]): Values | null {
    const values = this.#next(trials);
    return values === WAIT ? null : values;
  }

  #next(trials: readonly Trial[]): Values | typeof WAIT | null {
    const sweep = new Sweep(this, new Sampler(this.#space, this.settings.seed), this.#objective);
    for (const [index, trial] of trials.entries()) {
      sweep.next(trials.slice(0, index));
      sweep.sampler.record(trial.values);
    }
    return sweep.next(trials);
  }
}

/** What comes next depends on a trial that still runs. */
const WAIT = Symbol("wait");

/** A trial's place in a round: itself and the one it goes on from, by their numbers. */
interface Entry {
  readonly trial: number;
  readonly parent: number | null;
}

interface Bracket {
  readonly number: number;
  readonly rounds: readonly Entry[][];
}

/** The state of a search, rebuilt from its trials on every call. */
class Sweep {
  readonly sampler: Sampler;
  readonly #plan: Hyperband;
  readonly #objective: Objective;
  readonly #brackets: Bracket[] = [];
  #bracket: number;
  #iteration = 0;

  constructor(plan: Hyperband, sampler: Sampler, objective: Objective) {
    this.#plan = plan;
    this.sampler = sampler;
    this.#objective = objective;
    this.#bracket = plan.brackets - 1;
    this.#open();
  }

  next(trials: readonly Trial[]): Values | typeof WAIT | null {
    for (const bracket of this.#brackets) {
      const [first = []] = bracket.rounds;
      if (first.length < this.#plan.size(bracket.number, 0)) return this.#random(bracket, trials);
      for (let round = 1; round < bracket.rounds.length; round++) {
        const values = this.#promote(bracket, round, trials);
        if (values) return values;
      }
    }
    if (this.#bracket === 0 && this.#iteration + 1 === this.#plan.settings.iterations) return null;
    this.#bracket--;
    if (this.#bracket < 0) {
      this.#bracket = this.#plan.brackets - 1;
      this.#iteration++;
    }
    return this.#random(this.#open(), trials);
  }

  #open(): Bracket {
    const rounds = Array.from({ length: this.#bracket + 1 }, (): Entry[] => []);
    const bracket = { number: this.#bracket, rounds };
    this.#brackets.push(bracket);
    return bracket;
  }

  #random(bracket: Bracket, trials: readonly Trial[]): Values | null {
    const values = this.sampler.draw();
    if (!values) return null;
    bracket.rounds[0]?.push({ trial: trials.length, parent: null });
    return {
      ...values,
      "tuner/epochs": this.#plan.epochs(bracket.number, 0),
      "tuner/initial_epoch": 0,
      "tuner/bracket": this.#bracket,
      "tuner/round": 0,
    };
  }

  /** The best of the round before, once more of it are at hand than will be dropped. */
  #promote(bracket: Bracket, round: number, trials: readonly Trial[]): Values | typeof WAIT | null {
    const [entries = [], past = []] = [bracket.rounds[round], bracket.rounds[round - 1]];
    const { number } = bracket;
    const selected = new Set(entries.map(({ parent }) => parent));
    const left = past.flatMap(({ trial }) => (selected.has(trial) ? [] : (trials[trial] ?? [])));
    const candidates = left.filter(isScored);
    const running = left.filter(({ status }) => status === "running").length;
    const dropped = this.#plan.size(number, round - 1) - this.#plan.size(number, round);
    // However those that run end, there are not enough.
    if (candidates.length + running <= dropped) return null;
    if (running > 0) return WAIT;
    const [best] = rankTrials(candidates, this.#objective);
    if (!best) return null;
    entries.push({ trial: trials.length, parent: trials.indexOf(best) });
    return {
      ...best.values,
      "tuner/epochs": this.#plan.epochs(number, round),
      "tuner/initial_epoch": this.#plan.epochs(number, round - 1),
      "tuner/bracket": this.#bracket,
      "tuner/round": round,
      "tuner/trial_id": best.id,
    };
  }
}
