// Gaussian process regression as KerasTuner asks scikit-learn for it: Matérn kernel with ν = 5/2 and one length scale,
// normalised targets, a constant on the diagonal. Formulas: Rasmussen and Williams 2006, algorithm 2.1.
//   k(a, b) = (1 + z + z²/3) · exp(−z)     z = √5 · |a − b| / ℓ
// scikit-learn climbs the likelihood of ℓ from 21 starts with L-BFGS-B; being of one variable, it is searched here on a
// grid over the same bounds, and refined by golden section: at least as good, and without a random start.

import { VitrineError } from "../engine/core/errors.ts";
import { cholesky, type Factor, halfLogDeterminant, solveLower, solveUpper } from "./cholesky.ts";

export type Point = readonly number[];

export interface Prediction {
  readonly mean: number;
  /** Standard deviation. */
  readonly deviation: number;
}

/** Natural logarithms of scikit-learn's default bounds, 1e-5 and 1e5. */
const LOG_BOUND = 5 * Math.LN10;
const GRID_CELLS = 92;
/** Of log ℓ. */
const PRECISION = 1e-7;

interface Fit {
  readonly factor: Factor;
  readonly weights: Float64Array;
  readonly logLikelihood: number;
}

export class GaussianProcess {
  readonly lengthScale: number;
  /** Logarithm of the marginal likelihood of the normalised targets. */
  readonly logLikelihood: number;
  readonly #points: readonly Point[];
  readonly #fit: Fit;
  readonly #mean: number;
  readonly #scale: number;

  /** Fits `y` at `points`; `alpha` is the variance of the noise of normalised targets. */
  constructor(points: readonly Point[], y: readonly number[], alpha: number) {
    const { mean, scale } = moments(y);
    const targets = y.map((value) => (value - mean) / scale);
    const distances = points.flatMap((a) => points.map((b) => distance(a, b)));
    const fitAt = (logScale: number) => fit(distances, targets, { logScale, alpha });
    const logScale = bestLogScale((at) => fitAt(at)?.logLikelihood ?? Number.NEGATIVE_INFINITY);
    const found = fitAt(logScale);
    if (!found) throw new VitrineError(`gaussian process: cannot be fitted to ${y.length} points`);
    this.#points = points;
    this.#mean = mean;
    this.#scale = scale;
    this.#fit = found;
    this.lengthScale = Math.exp(logScale);
    this.logLikelihood = found.logLikelihood;
  }

  predict(point: Point): Prediction {
    const { factor, weights } = this.#fit;
    const k = this.#points.map((other) => matern(distance(point, other) / this.lengthScale));
    const v = solveLower(factor, k);
    const mean = k.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0);
    const variance = Math.max(
      0,
      v.reduce((left, value) => left - value * value, 1),
    );
    return {
      mean: this.#mean + this.#scale * mean,
      deviation: this.#scale * Math.sqrt(variance),
    };
  }
}

/** Mean and standard deviation; 1 for values that do not vary. */
function moments(values: readonly number[]): { mean: number; scale: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const deviation = Math.sqrt(variance);
  const tiny = 10 * Number.EPSILON * Math.max(1, Math.abs(mean));
  return { mean, scale: deviation > tiny ? deviation : 1 };
}

function distance(a: Point, b: Point): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0));
}

function matern(ratio: number): number {
  const z = Math.sqrt(5) * ratio;
  return (1 + z + (z * z) / 3) * Math.exp(-z);
}

function fit(
  distances: readonly number[],
  targets: readonly number[],
  { logScale, alpha }: { readonly logScale: number; readonly alpha: number },
): Fit | null {
  const n = targets.length;
  const lengthScale = Math.exp(logScale);
  const k = Float64Array.from(distances, (value) => matern(value / lengthScale));
  for (let i = 0; i < n; i++) k[i * n + i] = 1 + alpha;
  const factor = cholesky(k, n);
  if (!factor) return null;
  const weights = solveUpper(factor, solveLower(factor, targets));
  const fitted = targets.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0);
  const logLikelihood = -fitted / 2 - halfLogDeterminant(factor) - (n / 2) * Math.log(2 * Math.PI);
  return { factor, weights, logLikelihood };
}

/** Where `f` is greatest within the bounds: the best point of the grid, refined between its neighbours. */
function bestLogScale(f: (logScale: number) => number): number {
  const cell = (2 * LOG_BOUND) / GRID_CELLS;
  let best = -LOG_BOUND;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i <= GRID_CELLS; i++) {
    const at = -LOG_BOUND + i * cell;
    const value = f(at);
    if (value > most) [best, most] = [at, value];
  }
  const low = Math.max(-LOG_BOUND, best - cell);
  const high = Math.min(LOG_BOUND, best + cell);
  const refined = goldenSection(f, low, high);
  return f(refined) > most ? refined : best;
}

function goldenSection(f: (x: number) => number, from: number, to: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [from, to];
  let [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [atA, atB] = [f(a), f(b)];
  while (high - low > PRECISION) {
    if (atA >= atB) {
      [high, b, atB] = [b, a, atA];
      a = high - ratio * (high - low);
      atA = f(a);
    } else {
      [low, a, atA] = [a, b, atB];
      b = low + ratio * (high - low);
      atB = f(b);
    }
  }
  return (low + high) / 2;
}
