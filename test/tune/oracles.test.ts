// Search strategies against KerasTuner's own oracles: the same trials in the same order.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { GridSearch } from "../../src/tune/oracles/grid-search.ts";
import { Hyperband } from "../../src/tune/oracles/hyperband.ts";
import type { Oracle } from "../../src/tune/oracles/oracle.ts";
import { RandomSearch } from "../../src/tune/oracles/random-search.ts";
import type { Values } from "../../src/tune/parameter.ts";
import { nextTrialId, type Objective, type Trial } from "../../src/tune/trial.ts";
import { FIXTURE, finished, type RecordedTrial, SPACES, sameValues } from "./fixture.ts";

const test = suite("oracles");
const OBJECTIVE: Objective = { name: "val_accuracy", direction: "max" };

/** Follows the recorded trials, proposal by proposal; returns what is proposed after the last. */
function follow(oracle: Oracle, recorded: readonly RecordedTrial[]): Values | null {
  const trials: Trial[] = [];
  for (const { id, values, score } of recorded) {
    const proposed = oracle.propose(trials);
    const texts = [proposed, values].map((v) => JSON.stringify(v));
    assert.ok(sameValues(proposed, values), `trial ${id}: ${texts[0]}, not ${texts[1]}`);
    trials.push(finished(id, proposed ?? {}, score));
  }
  return oracle.propose(trials);
}

test("random search draws KerasTuner's values", () => {
  for (const { space, seed, trials } of FIXTURE.random) {
    follow(new RandomSearch(SPACES[space], { seed }), trials);
  }
});

test("random search ends where the space is exhausted", () => {
  const [small] = FIXTURE.random.filter(({ space }) => space === "small");
  assert.is(small?.trials.length, 4);
  assert.is(follow(new RandomSearch(SPACES.small, { seed: 3 }), small?.trials ?? []), null);
});

test("grid search turns KerasTuner's odometer to its end", () => {
  assert.is(FIXTURE.grid.length, 42);
  assert.is(follow(new GridSearch(SPACES.grid), FIXTURE.grid), null);
});

test("Hyperband runs KerasTuner's brackets", () => {
  const sizes: (readonly number[])[] = [];
  for (const { maxEpochs, factor, iterations, total, trials } of FIXTURE.hyperband) {
    const options = { maxEpochs, factor, iterations, seed: 7, objective: OBJECTIVE };
    const oracle = new Hyperband(SPACES.mixed, options);
    assert.is(oracle.total, total);
    sizes.push([maxEpochs, factor, total]);
    if (trials.length > 0) assert.is(follow(oracle, trials), null);
  }
  const totals = [
    [10, 3, 30],
    [20, 3, 30],
    [9, 3, 23],
    [27, 3, 70],
    [81, 3, 211],
    [100, 3, 254],
    [3, 2, 8],
    [5, 5, 8],
  ];
  assert.equal(sizes.slice(0, 8), totals);
});

test("Hyperband's rounds go on from the best of the round before", () => {
  const oracle = new Hyperband(SPACES.mixed, {
    maxEpochs: 3,
    factor: 2,
    seed: 1,
    objective: OBJECTIVE,
  });
  const trials: Trial[] = [];
  for (const score of [0.5, 0.9, 0.7]) {
    trials.push(finished(nextTrialId(trials.length), oracle.propose(trials) ?? {}, score));
  }
  while (trials.length < oracle.size(1, 0)) {
    trials.push(finished(nextTrialId(trials.length), oracle.propose(trials) ?? {}, 0.1));
  }
  const promoted = oracle.propose(trials) ?? {};
  assert.is(promoted["tuner/trial_id"], "2");
  assert.is(promoted["tuner/initial_epoch"], oracle.epochs(1, 0));
  assert.is(promoted["tuner/epochs"], 3);
  assert.is(promoted["filters"], trials[1]?.values["filters"]);
});

test("a failed trial is not promoted, and the search still ends", () => {
  const oracle = new Hyperband(SPACES.mixed, {
    maxEpochs: 4,
    factor: 2,
    seed: 1,
    objective: OBJECTIVE,
  });
  const trials: Trial[] = [];
  for (let values = oracle.propose(trials); values; values = oracle.propose(trials)) {
    const score = trials.length % 3 === 0 ? null : trials.length / 100;
    trials.push(finished(nextTrialId(trials.length), values, score));
    assert.ok(trials.length <= oracle.total);
  }
  const parents = trials.flatMap(({ values }) => values["tuner/trial_id"] ?? []);
  assert.ok(parents.length > 0);
  for (const id of parents) assert.is(trials[Number(id) - 1]?.status, "completed");
});

test("proposals depend on seed and trials alone", () => {
  const make = () => new RandomSearch(SPACES.mixed, { seed: 11 });
  const first = make();
  const trials: Trial[] = [];
  for (let i = 0; i < 5; i++) {
    const values = first.propose(trials) ?? {};
    assert.equal(make().propose(trials), values);
    assert.equal(first.propose(trials), values);
    trials.push(finished(nextTrialId(i), values, 0.5));
  }
  assert.not.equal(new RandomSearch(SPACES.mixed, { seed: 12 }).propose([]), trials[0]?.values);
});

test("trials are numbered from 1", () => {
  assert.equal([0, 9].map(nextTrialId), ["1", "10"]);
});

test.run();
