// The search, with trials that take no time: interrupted at every step it ends as if it had not been.

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DeviceError, ShapeError } from "../../src/engine/core/errors.ts";
import { openStudy, readStudy } from "../../src/runs/search-folder.ts";
import { GridSearch } from "../../src/tune/oracles/grid-search.ts";
import type { Oracle } from "../../src/tune/oracles/oracle.ts";
import { RandomSearch } from "../../src/tune/oracles/random-search.ts";
import { bestTrial, objectiveOf, type Trial } from "../../src/tune/trial.ts";
import { search, type TrialJob, type TrialOutcome } from "../../src/tune/tuner.ts";
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

const test = suite("tuner");

for (const [name, create] of Object.entries(ORACLES)) {
  const maxTrials = name === "hyperband" ? null : 9;

  test(`${name}: killed at every step, it ends as if it had not been`, async () => {
    await inFolder(async (folder) => {
      const whole = await attempt({ folder: join(folder, "whole"), oracle: create(), maxTrials });
      assert.ok(whole.complete && whole.best);
      const target = join(folder, "killed");
      const steps = 4 * whole.trials.length;
      let deaths = 0;
      for (let step = 0; step < steps; step += 3) {
        rmSync(target, { recursive: true, force: true });
        const doomed = { folder: target, oracle: create(), maxTrials, fuse: new Fuse(step) };
        const error = await attempt(doomed).then(
          () => null,
          (reason: unknown) => reason,
        );
        if (error instanceof Killed) deaths++;
        const again = await attempt({ folder: target, oracle: create(), maxTrials });
        assert.equal(outline(again), outline(whole), `killed at step ${step}`);
        assert.equal(contentOf(target), contentOf(join(folder, "whole")), `killed at step ${step}`);
      }
      assert.ok(deaths > steps / 4, `${deaths} deaths in ${steps} steps`);
    });
  });
}

test("killed again and again, it still arrives", async () => {
  await inFolder(async (folder) => {
    const whole = await attempt({
      folder: join(folder, "a"),
      oracle: ORACLES["hyperband"]?.() as Oracle,
      maxTrials: null,
    });
    for (let life = 0; life < 200; life++) {
      const oracle = ORACLES["hyperband"]?.() as Oracle;
      const doomed = {
        folder: join(folder, "b"),
        oracle,
        maxTrials: null,
        fuse: new Fuse(4 + (life % 5)),
      };
      const end = await attempt(doomed).catch(() => null);
      if (!end) continue;
      assert.ok(life > 5);
      assert.equal(outline(end), outline(whole));
      return;
    }
    assert.unreachable("never arrived");
  });
});

test("what cannot be built is a failed trial, and the search goes on", async () => {
  await inFolder(async (folder) => {
    const { trials, best } = await attempt({
      folder,
      oracle: new GridSearch(SPACE),
      maxTrials: 90,
    });
    assert.is(trials.length, 90);
    const failed = trials.filter(({ status }) => status === "failed");
    assert.ok(failed.length > 0);
    assert.match(failed[0]?.message ?? "", /width must be below 9/);
    assert.is(best?.status, "completed");
  });
});

test("three failures in a row end the search, also when it is taken up again", async () => {
  await inFolder(async (folder) => {
    const run = (): TrialOutcome => {
      throw new ShapeError("toy: never fits");
    };
    const options = { folder, oracle: new RandomSearch(SPACE, { seed }), maxTrials: 9, run };
    const message = await refusalOf(attempt(options));
    assert.match(
      message,
      /^tuner: 3 trials in a row failed, the last one because toy: never fits$/,
    );
    assert.is((await readStudy(folder)).trials.length, 3);
    assert.match(await refusalOf(attempt(options)), /3 trials in a row failed/);
  });
});

test("a lost device is no failure of the trial", async () => {
  await inFolder(async (folder) => {
    const options = { folder, oracle: new RandomSearch(SPACE, { seed }), maxTrials: 4 };
    let trials = 0;
    const run = (job: TrialJob<Plan>): TrialOutcome => {
      if (trials++ === 2) throw new DeviceError("device: was lost");
      return toyRun(job);
    };
    assert.is(await refusalOf(attempt({ ...options, run })), "device: was lost");
    const study = await readStudy(folder);
    assert.is(study.trials.length, 2);
    assert.equal(
      study.interrupted.map(({ id }) => id),
      ["3"],
    );
    assert.is((await attempt(options)).trials.length, 4);
  });
});

test("an interrupted trial is not counted, and the next run has it again", async () => {
  await inFolder(async (folder) => {
    const controller = new AbortController();
    const oracle = new RandomSearch(SPACE, { seed });
    const study = await openStudy(folder, describe(oracle, 4));
    const begun: Trial[] = [];
    const result = await search<Plan>({
      ...{ study, oracle, space: SPACE, hyperModel, objective: OBJECTIVE, maxTrials: 4, epochs: 2 },
      run: async (job) => (controller.signal.aborted ? null : toyRun(job)),
      signal: controller.signal,
      onTrialBegin: (trial) => {
        begun.push(trial);
        if (begun.length === 3) controller.abort();
      },
    });
    assert.is(result.complete, false);
    assert.is(result.trials.length, 2);
    const again = await attempt({ folder, oracle, maxTrials: 4 });
    assert.equal(again.trials[2]?.values, begun[2]?.values);
  });
});

test("best.json is the plan of the best trial", async () => {
  await inFolder(async (folder) => {
    const { best } = await attempt({
      folder,
      oracle: new RandomSearch(SPACE, { seed }),
      maxTrials: 6,
    });
    assert.ok(best);
    const found = JSON.parse(readFileSync(join(folder, "best.json"), "utf8"));
    assert.equal(found, {
      format: 2,
      model: { name: "toy", width: best.values["width"] },
      training: { rate: best.values["rate"] },
      score: best.score,
      trialId: best.id,
      objective: "val_accuracy",
    });
    const { trials } = await readStudy(folder);
    assert.is(bestTrial(trials, OBJECTIVE)?.id, best.id);
    assert.equal(Object.keys(trials[0]?.values ?? {}), ["width", "rate"]);
    assert.ok(Number.isNaN(trials[0]?.history[0]?.["loss"]));
  });
});

test("directions follow from names, as in KerasTuner", () => {
  const directions = ["val_accuracy", "val_loss", "auc", "val_sparse_categorical_crossentropy"];
  assert.equal(
    directions.map((name) => objectiveOf(name).direction),
    ["max", "min", "max", "min"],
  );
  assert.throws(() => objectiveOf("val_beauty"), /^objective val_beauty/);
});

test.run();
