// The Gaussian process against scikit-learn's, and the search that uses it against KerasTuner's and against chance.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RandomState } from "../../src/data/random-state.ts";
import { minimiseInBox } from "../../src/tune/box-search.ts";
import { cholesky, solveLower, solveUpper } from "../../src/tune/cholesky.ts";
import { GaussianProcess } from "../../src/tune/gaussian-process.ts";
import { BayesianOptimization } from "../../src/tune/oracles/bayesian-optimization.ts";
import type { Oracle } from "../../src/tune/oracles/oracle.ts";
import { RandomSearch } from "../../src/tune/oracles/random-search.ts";
import type { Values } from "../../src/tune/parameter.ts";
import { isScored, nextTrialId, type Objective, type Trial } from "../../src/tune/trial.ts";
import { FIXTURE, finished, SPACES, sameValues } from "./fixture.ts";

const test = suite("bayesian");
const { bayesian } = FIXTURE;
const OBJECTIVE: Objective = { name: "val_accuracy", direction: "max" };

const near = (actual: number, expected: number, tolerance: number, label: string) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${label}: ${actual}, not ${expected}`);

test("Cholesky's factor solves a system", () => {
  const random = new RandomState(3);
  const n = 7;
  const root = Float64Array.from({ length: n * n }, () => random.standardNormal());
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      a[i * n + j] = i === j ? 1 : 0;
      for (let k = 0; k < n; k++)
        a[i * n + j] = (a[i * n + j] ?? 0) + (root[i * n + k] ?? 0) * (root[j * n + k] ?? 0);
    }
  }
  const b = Array.from({ length: n }, (_, i) => i - 2);
  const factor = cholesky(a, n);
  assert.ok(factor);
  const x = solveUpper(factor, solveLower(factor, b));
  for (const [i, expected] of b.entries()) {
    const product = x.reduce((sum, value, j) => sum + value * (a[i * n + j] ?? 0), 0);
    near(product, expected, 1e-10, `row ${i}`);
  }
});

test("a matrix that is not positive definite has no factor", () => {
  assert.is(cholesky(Float64Array.of(1, 2, 2, 1), 2), null);
});

test("the process finds scikit-learn's length scale, or a likelier one", () => {
  const process = new GaussianProcess(bayesian.vectors, bayesian.targets, 1e-4);
  assert.ok(process.logLikelihood >= bayesian.logLikelihood - 1e-9);
  near(process.logLikelihood, bayesian.logLikelihood, 1e-6, "log likelihood");
  near(process.lengthScale, bayesian.lengthScale, 1e-4, "length scale");
});

test("mean and deviation are scikit-learn's", () => {
  const process = new GaussianProcess(bayesian.vectors, bayesian.targets, 1e-4);
  for (const [i, point] of bayesian.points.entries()) {
    const { mean, deviation } = process.predict(point);
    near(mean, bayesian.mean[i] ?? Number.NaN, 2e-5, `mean ${i}`);
    near(deviation, bayesian.deviation[i] ?? Number.NaN, 2e-5, `deviation ${i}`);
  }
});

test("at a trial, the process knows its score", () => {
  const process = new GaussianProcess(bayesian.vectors, bayesian.targets, 1e-4);
  for (const [i, point] of bayesian.vectors.entries()) {
    const { mean, deviation } = process.predict(point);
    near(mean, bayesian.targets[i] ?? Number.NaN, 5e-3, `trial ${i}`);
    assert.ok(deviation < 5e-3);
  }
});

test("equal scores and a single trial are no obstacle", () => {
  const flat = new GaussianProcess([[0.1], [0.5], [0.9]], [0.7, 0.7, 0.7], 1e-4);
  near(flat.predict([0.3]).mean, 0.7, 1e-12, "mean");
  assert.ok(Number.isFinite(new GaussianProcess([[0.5]], [1], 1e-4).predict([0]).deviation));
  const twice = new GaussianProcess([[0.5], [0.5], [0.2]], [1, 2, 3], 1e-4);
  near(twice.predict([0.5]).mean, 1.5, 1e-2, "mean of two");
});

test("compass search comes to a minimum within the bounds", () => {
  const inside = minimiseInBox(
    ([x = 0, y = 0]) => (x - 0.3) ** 2 + 4 * (y - 0.8) ** 2 + x * y,
    [0.9, 0.1],
  );
  // Where the gradient 2(x − 0.3) + y, 8(y − 0.8) + x vanishes, x would be −0.1: the bound holds.
  near(inside.point[0] ?? 1, 0, 1e-3, "x");
  near(inside.point[1] ?? 0, 0.8, 1e-3, "y");
});

const trialsOf = (recorded: typeof bayesian.trials): Trial[] =>
  recorded.map(({ id, values, score }) => finished(id, values, score));

function oracle(initialPoints = bayesian.initialPoints): BayesianOptimization {
  const { seed } = bayesian;
  return new BayesianOptimization(SPACES.smooth, { initialPoints, seed, objective: OBJECTIVE });
}

test("the first trials are KerasTuner's random ones", () => {
  for (let i = 0; i < bayesian.initialPoints; i++) {
    const proposed = oracle().propose(trialsOf(bayesian.trials.slice(0, i)));
    assert.ok(sameValues(proposed, bayesian.trials[i]?.values ?? {}), `trial ${i}`);
  }
});

test("the next ones are at least as promising as KerasTuner's", () => {
  const search = oracle();
  for (let i = bayesian.initialPoints; i < bayesian.trials.length; i++) {
    const before = trialsOf(bayesian.trials.slice(0, i));
    const process = search.fit(before.filter(isScored));
    const at = (values: Values) => search.acquisition(process, search.pointOf(values));
    const [ours, theirs] = [search.propose(before), bayesian.trials[i]?.values].map((v) =>
      at(v ?? {}),
    );
    const scale = Math.max(...before.map(({ score }) => Math.abs(score ?? 0)));
    assert.ok((ours ?? 0) <= (theirs ?? 0) + 1e-4 * scale, `trial ${i}: ${ours} against ${theirs}`);
  }
});

test("the least acquisition is scipy's", () => {
  const search = oracle();
  const trials = trialsOf(bayesian.trials);
  const process = search.fit(trials.filter(isScored));
  const { value, point } = bayesian.acquisition;
  near(search.acquisition(process, point), value, 1e-5, "acquisition there");
  const values = search.propose(trials) ?? {};
  assert.ok(search.acquisition(process, search.pointOf(values)) <= value + 1e-5);
});

test("what was tried is not tried again", () => {
  const options = { initialPoints: 1, seed: 1, objective: OBJECTIVE };
  const search = new BayesianOptimization(SPACES.small, options);
  const trials: Trial[] = [];
  for (let values = search.propose(trials); values; values = search.propose(trials)) {
    trials.push(finished(nextTrialId(trials.length), values, values["a"] === "x" ? 1 : 0));
  }
  assert.is(new Set(trials.map(({ values }) => JSON.stringify(values))).size, 4);
});

test("failed trials are passed over", () => {
  const search = oracle(2);
  const values = [0.2, 0.5, 0.8].map((x) => ({ x, y: x, rate: 0.01 }));
  const trials = values.map((v, i) => finished(nextTrialId(i), v, i === 1 ? null : v.x));
  assert.ok(search.propose(trials));
});

/** Trials that a search takes until its score is within `margin` of the best there is. */
function trialsUntil(search: Oracle, score: (values: Values) => number, margin: number): number {
  const trials: Trial[] = [];
  while (trials.length < 120) {
    const values = search.propose(trials);
    if (!values) break;
    const found = score(values);
    trials.push(finished(nextTrialId(trials.length), values, found));
    if (found >= -margin) return trials.length;
  }
  return trials.length;
}

test("it finds the top of a smooth hill in a third of the trials that chance takes", () => {
  const hill = ({ x, y, rate }: Values) =>
    -((Number(x) - 0.3) ** 2 + (Number(y) - 0.7) ** 2 + 0.1 * (Math.log10(Number(rate)) + 2) ** 2);
  let [guided, random] = [0, 0];
  for (const seed of [1, 2, 3, 4, 5]) {
    const options = { initialPoints: 5, seed, objective: OBJECTIVE };
    const trials = trialsUntil(new BayesianOptimization(SPACES.smooth, options), hill, 2e-3);
    assert.ok(trials <= 25, `seed ${seed}: ${trials} trials`);
    guided += trials;
    random += trialsUntil(new RandomSearch(SPACES.smooth, { seed }), hill, 2e-3);
  }
  assert.ok(3 * guided < random, `${guided} trials against ${random}`);
});

test.run();
