// Trials side by side, with trials that take no time: whichever ends first, the study is that of one after another; also
// killed at any step, and taken up again with another number side by side.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RandomState } from "../../src/data/random-state.ts";
import { DeviceError, ShapeError } from "../../src/engine/core/errors.ts";
import { checkMerged, mergeTrials } from "../../src/runs/merge-trials.ts";
import { openStudy, readStudy } from "../../src/runs/search-folder.ts";
import { BayesianOptimization } from "../../src/tune/oracles/bayesian-optimization.ts";
import { Hyperband } from "../../src/tune/oracles/hyperband.ts";
import type { Oracle } from "../../src/tune/oracles/oracle.ts";
import { RandomSearch } from "../../src/tune/oracles/random-search.ts";
import { search, type TrialJob } from "../../src/tune/tuner.ts";
import { inFolder, refusalOf } from "../io/folder.ts";
import {
  attempt,
  contentOf,
  describe,
  Fuse,
  hyperModel,
  Killed,
  OBJECTIVE,
  ORACLES,
  outline,
  type Plan,
  SPACE,
  seed,
  toyRun,
} from "./toy-search.ts";

const test = suite("parallel search");

const PARALLEL: Record<string, () => Oracle> = {
  ...ORACLES,
  // 23 trials in three brackets, as tune's own default factor makes them of nine epochs.
  "hyperband of 9": () =>
    new Hyperband(SPACE, { maxEpochs: 9, factor: 3, seed: 8, objective: OBJECTIVE }),
  "bayesian by 3": () =>
    new BayesianOptimization(SPACE, {
      ...{ initialPoints: 4, seed, objective: OBJECTIVE },
      trialBatch: 3,
    }),
};

/** Trials take from 0 to 200 turns, drawn anew for every attempt. */
function turns(draw: number): (job: TrialJob<Plan>) => number {
  const random = new RandomState(draw);
  return () => Math.floor(200 * random.random());
}

for (const [name, create] of Object.entries(PARALLEL)) {
  const maxTrials = name.startsWith("hyperband") ? null : 11;

  test(`${name}: several at once are those of one after another`, async () => {
    await inFolder(async (folder) => {
      const one = join(folder, "one");
      const whole = await attempt({ folder: one, oracle: create(), maxTrials });
      for (const [draw, parallel] of [2, 3, 4, 7, 50].entries()) {
        const several = join(folder, String(parallel));
        const options = { folder: several, oracle: create(), maxTrials, parallel };
        const result = await attempt({ ...options, turnsOf: turns(draw) });
        assert.equal(outline(result), outline(whole), `${parallel} at once`);
        assert.equal(contentOf(several), contentOf(one), `${parallel} at once`);
      }
    });
  });

  test(`${name}: killed at any step, several at once go on as if they had not been`, async () => {
    await inFolder(async (folder) => {
      const one = join(folder, "one");
      const { trials } = await attempt({ folder: one, oracle: create(), maxTrials });
      const target = join(folder, "killed");
      let deaths = 0;
      for (let step = 0; step < 4 * trials.length; step += 3) {
        rmSync(target, { recursive: true, force: true });
        for (const [life, parallel] of [3, 2, 5].entries()) {
          const fuse = new Fuse(step + life);
          const doomed = { folder: target, oracle: create(), maxTrials, fuse, parallel };
          await attempt({ ...doomed, turnsOf: turns(step) }).catch((error) => {
            assert.instance(error, Killed);
            deaths++;
          });
        }
        await attempt({ folder: target, oracle: create(), maxTrials, parallel: 4 });
        assert.equal(contentOf(target), contentOf(one), `killed at step ${step}`);
      }
      assert.ok(deaths > trials.length / 2, `${deaths} deaths`);
    });
  });
}

/** Most trials that ran at one time, of a search with so many places. */
async function mostAtOnce(folder: string, oracle: Oracle, parallel: number): Promise<number> {
  let [now, most] = [0, 0];
  const study = await openStudy(folder, describe(oracle, 12));
  await search<Plan>({
    ...{ study, oracle, space: SPACE, hyperModel, objective: OBJECTIVE, maxTrials: 12, epochs: 2 },
    parallel,
    run: async (job) => {
      most = Math.max(most, ++now);
      await sleep(40);
      now--;
      return toyRun(job);
    },
  });
  return most;
}

test("as many run at once as may, and no more", async () => {
  await inFolder(async (folder) => {
    const most = async (name: string, parallel: number): Promise<number> => {
      const oracle = PARALLEL[name]?.() as Oracle;
      return await mostAtOnce(join(folder, `${name} ${parallel}`), oracle, parallel);
    };
    assert.is(await most("random", 1), 1);
    assert.is(await most("random", 5), 5);
    assert.is(await most("hyperband of 9", 4), 4);
    assert.is(await most("bayesian by 3", 8), 3);
    assert.is(await most("bayesian", 8), 1);
  });
});

for (const name of ["random", "grid"]) {
  test(`${name}: shards put together are the whole, also where one of them is missing`, async () => {
    await inFolder(async (folder) => {
      const create = ORACLES[name] as () => Oracle;
      const at = (part: string): string => join(folder, part);
      await attempt({ folder: at("whole"), oracle: create(), maxTrials: 11 });
      const shards = ["1", "2", "3"];
      for (const shard of shards) {
        const isOwn = (id: string): boolean => Number(id) % 3 === Number(shard) % 3;
        const options = { folder: at(shard), oracle: create(), maxTrials: 11, isOwn };
        const { trials, complete } = await attempt({ ...options, parallel: 2 });
        assert.ok(complete);
        assert.is(trials.length, shard === "3" ? 3 : 4);
      }
      for (const [target, merged] of [["all", shards] as const, ["some", ["1", "3"]] as const]) {
        const description = describe(create(), 11);
        const study = await openStudy(at(target), description);
        await checkMerged(merged.map(at), description);
        assert.is(await mergeTrials(study, merged.map(at)), target === "all" ? 11 : 7);
        const run: string[] = [];
        const counted = (job: TrialJob<Plan>) => {
          run.push(job.trial.id);
          return toyRun(job);
        };
        await attempt({ folder: at(target), oracle: create(), maxTrials: 11, run: counted });
        assert.equal(run, target === "all" ? [] : ["2", "5", "8", "11"]);
        assert.equal(contentOf(at(target)), contentOf(at("whole")));
      }
    });
  });
}

test("what is no shard of the same study is not put together", async () => {
  await inFolder(async (folder) => {
    const oracle = new RandomSearch(SPACE, { seed });
    await attempt({ folder: join(folder, "other"), oracle, maxTrials: 4 });
    const description = describe(new RandomSearch(SPACE, { seed: 9 }), 4);
    const refusal = (name: string) => refusalOf(checkMerged([join(folder, name)], description));
    assert.match(
      await refusal("other"),
      /^merge: a folder holds .* got settings seed 3 in .* and 9/,
    );
    assert.match(await refusal("none"), /^merge: must be the folder of a shard's study, got/);
  });
});

test("a lost device ends the search when the trials beside it have stopped", async () => {
  await inFolder(async (folder) => {
    const oracle = new RandomSearch(SPACE, { seed });
    const study = await openStudy(folder, describe(oracle, 8));
    let stopped = 0;
    const running = search<Plan>({
      ...{ study, oracle, space: SPACE, hyperModel, objective: OBJECTIVE, maxTrials: 8, epochs: 2 },
      parallel: 3,
      run: async (job, signal) => {
        if (job.trial.id === "2") throw new DeviceError("device: was lost");
        while (!signal?.aborted) await setImmediate();
        stopped++;
        return null;
      },
    });
    assert.is(await refusalOf(running), "device: was lost");
    assert.is(stopped, 2);
    const found = await readStudy(folder);
    assert.equal(
      found.interrupted.map(({ id }) => id),
      ["1", "2", "3"],
    );
    const again = await attempt({ folder, oracle, maxTrials: 8, parallel: 3 });
    assert.is(again.trials.length, 8);
  });
});

test("three failures in a row end the search, whichever of them ended first", async () => {
  await inFolder(async (folder) => {
    const oracle = new RandomSearch(SPACE, { seed });
    const run = (job: TrialJob<Plan>) => {
      if (["3", "4", "5"].includes(job.trial.id)) throw new ShapeError("toy: never fits");
      return toyRun({ ...job, plan: { ...job.plan, model: { name: "toy", width: 3 } } });
    };
    const turnsOf = ({ trial }: TrialJob<Plan>) => (trial.id === "4" ? 99 : Number(trial.id));
    const options = { oracle, maxTrials: 9, run, turnsOf };
    for (const parallel of [1, 2, 4, 9]) {
      const refusal = await refusalOf(
        attempt({ ...options, folder: join(folder, String(parallel)), parallel }),
      );
      assert.match(refusal, /^tuner: 3 trials in a row failed/, `${parallel} at once`);
    }
    const last = { ...options, maxTrials: 5 };
    const { complete } = await attempt({ ...last, folder: join(folder, "last"), parallel: 9 });
    assert.ok(complete);
  });
});

test("a batch of a guided search is no single point", () => {
  const oracle = PARALLEL["bayesian by 3"]?.() as BayesianOptimization;
  const ended = [0.3, 0.5, 0.7, 0.9, 0.4, 0.6].map((rate, i) => ({
    ...{ id: String(i + 1), values: { width: i + 1, rate }, status: "completed" as const },
    ...{ score: 0.5 + i / 20, bestEpoch: 1, folds: [], history: [], seconds: 1, message: null },
  }));
  const trials: Parameters<Oracle["propose"]>[0][number][] = [...ended];
  for (let i = 0; i < 3; i++) {
    assert.is(oracle.mustWait(trials), false);
    const values = oracle.propose(trials) ?? {};
    const unknown = { score: null, bestEpoch: null, folds: [], history: [], message: null };
    trials.push({ id: String(7 + i), values, status: "running", seconds: 0, ...unknown });
  }
  assert.is(oracle.mustWait(trials), true);
  const points = trials.slice(6).map(({ values }) => oracle.pointOf(values));
  for (const [i, a] of points.entries()) {
    for (const b of points.slice(i + 1)) {
      const distance = Math.hypot(...a.map((x, axis) => x - (b[axis] ?? 0)));
      assert.ok(distance > 0.05, `${distance}`);
    }
  }
});

test.run();
