// Bayesian optimisation, as KerasTuner's BayesianOptimizationOracle with one worker: random trials first; then a Gaussian
// process over the unit cube of probabilities, and the point where mean − β · deviation is least (scores to be maximised
// change sign). Trials side by side come in batches of a fixed size: each batch knows all that came before it, and takes its
// own trials to end at mean + deviation, as KerasTuner takes those that run; so it does not matter which of them ends first.
// Departures: compass search in place of L-BFGS-B, from the same 50 starts; a set of values that was tried
// is passed over, because here the same values score the same.

import { RandomState } from "../../data/random-state.ts";
import { minimiseInBox } from "../box-search.ts";
import { GaussianProcess, type Point } from "../gaussian-process.ts";
import { probToValue, type Values, valueToProb } from "../parameter.ts";
import { fillSpace, isActive, Sampler, type Space } from "../space.ts";
import { isScored, type Objective, type ScoredTrial, type Trial } from "../trial.ts";
import type { Oracle } from "./oracle.ts";

export interface BayesianOptimizationOptions {
  /** Random trials before the Gaussian process takes over; default 3 for each parameter of the space. */
  readonly initialPoints?: number | undefined;
  /** Variance of the scores' noise, where scores have variance 1; default 1e-4. */
  readonly alpha?: number;
  /** How much the unknown is worth; default 2.6. */
  readonly beta?: number;
  readonly seed: number;
  readonly objective: Objective;
  /** Trials that are proposed without knowing each other's scores; default 1. */
  readonly trialBatch?: number | undefined;
}

const STARTS = 50;

export class BayesianOptimization implements Oracle {
  readonly name = "bayesian";
  readonly settings: {
    readonly initialPoints: number;
    readonly alpha: number;
    readonly beta: number;
    readonly seed: number;
    readonly [name: string]: number;
  };
  readonly #space: Space;
  readonly #searched: Space;
  readonly #objective: Objective;
  readonly #batch: number;

  constructor(space: Space, options: BayesianOptimizationOptions) {
    const { alpha = 1e-4, beta = 2.6, seed, objective } = options;
    const initialPoints = options.initialPoints ?? Math.max(3, 3 * space.length);
    this.#batch = options.trialBatch ?? 1;
    const batches = this.#batch > 1 ? { trialBatch: this.#batch } : {};
    this.settings = { initialPoints, alpha, beta, seed, ...batches };
    this.#space = space;
    this.#searched = space.filter(({ kind }) => kind !== "fixed");
    this.#objective = objective;
  }

  /** The barrier: a batch begins when the one before it is over. */
  mustWait(trials: readonly Trial[]): boolean {
    return this.#before(trials).some(({ status }) => status === "running");
  }

  /** Of the trials so far, those of earlier batches than the next one's. */
  #before<T>(trials: readonly T[]): readonly T[] {
    return trials.slice(0, trials.length - (trials.length % this.#batch));
  }

  propose(trials: readonly Trial[]): Values | null {
    const { initialPoints, seed } = this.settings;
    const sampler = new Sampler(this.#space, seed);
    const scores = trials.map((_, i) => this.#before(trials.slice(0, i)).filter(isScored).length);
    let modelled = 0;
    for (const [i, trial] of trials.entries()) {
      if ((scores[i] ?? 0) < initialPoints) sampler.draw();
      else modelled++;
      sampler.record(trial.values);
    }
    const known = this.#before(trials);
    const scored = known.filter(isScored);
    if (scored.length < initialPoints || this.#searched.length === 0) return sampler.draw();
    return this.#untried(this.#believed(scored, trials.slice(known.length)), modelled, sampler);
  }

  /** With the batch's own trials as they are taken to end: a deviation worse than the mean. */
  #believed(scored: readonly ScoredTrial[], pending: readonly Trial[]): ScoredTrial[] {
    if (pending.length === 0) return [...scored];
    const process = this.fit(scored);
    const sign = this.#objective.direction === "max" ? -1 : 1;
    const guesses = pending.map((trial) => {
      const { mean, deviation } = process.predict(this.pointOf(trial.values));
      return { ...trial, score: sign * (mean + deviation) };
    });
    return [...scored, ...guesses];
  }

  /** What the process expects to be best among what was not tried; random where nothing else is left. */
  #untried(trials: readonly ScoredTrial[], modelled: number, sampler: Sampler): Values | null {
    const process = this.fit(trials);
    const minima = this.#starts(modelled).map((start) =>
      minimiseInBox((point) => this.acquisition(process, point), start),
    );
    minima.sort((a, b) => a.value - b.value);
    for (const { point } of minima) {
      const values = this.valuesAt(point);
      if (!sampler.hasTried(values)) return values;
    }
    return sampler.draw();
  }

  fit(trials: readonly ScoredTrial[]): GaussianProcess {
    const sign = this.#objective.direction === "max" ? -1 : 1;
    const points = trials.map(({ values }) => this.pointOf(values));
    const scores = trials.map(({ score }) => sign * score);
    return new GaussianProcess(points, scores, this.settings.alpha);
  }

  /** Lower is more promising. */
  acquisition(process: GaussianProcess, point: Point): number {
    const { mean, deviation } = process.predict(point);
    return mean - this.settings.beta * deviation;
  }

  /** Probabilities of a trial's values; of the defaults for parameters that it does not have. */
  pointOf(values: Values): Point {
    return this.#searched.map((parameter) => {
      const value = isActive(parameter, values) ? values[parameter.name] : undefined;
      return valueToProb(parameter, value ?? parameter.default);
    });
  }

  valuesAt(point: Point): Values {
    return fillSpace(this.#space, (parameter) =>
      probToValue(parameter, point[this.#searched.indexOf(parameter)] ?? 0),
    );
  }

  /** The proposal's own stretch of one stream of random numbers, as if it had been drawn call by call. */
  #starts(modelled: number): Point[] {
    const random = new RandomState(this.settings.seed);
    const dimensions = this.#searched.length;
    for (let i = 0; i < modelled * STARTS * dimensions; i++) random.random();
    return Array.from({ length: STARTS }, () =>
      Array.from({ length: dimensions }, () => random.random()),
    );
  }
}
