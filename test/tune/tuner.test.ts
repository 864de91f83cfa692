// The search and its folder, with trials that take no time: interrupted at every step it ends as if it had not been, and
// folders that are not its own are left alone.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DeviceError, ShapeError } from "../../src/engine/core/errors.ts";
import { type HyperParameters, spaceOf } from "../../src/tune/hyper-parameters.ts";
import { BayesianOptimization } from "../../src/tune/oracles/bayesian-optimization.ts";
import { GridSearch } from "../../src/tune/oracles/grid-search.ts";
import { Hyperband } from "../../src/tune/oracles/hyperband.ts";
import type { Oracle } from "../../src/tune/oracles/oracle.ts";
import { RandomSearch } from "../../src/tune/oracles/random-search.ts";
import { openStudy, readStudy, type StudyDescription } from "../../src/tune/study-folder.ts";
import { bestTrial, objectiveOf, type Trial } from "../../src/tune/trial.ts";
import {
  type SearchResult,
  search,
  type TrialJob,
  type TrialOutcome,
} from "../../src/tune/tuner.ts";
import { inFolder, refusalOf } from "../io/folder.ts";

const test = suite("tuner");
const OBJECTIVE = objectiveOf("val_accuracy");

const hyperModel = (hp: HyperParameters) => ({
  model: { name: "toy", width: hp.int("width", { min: 1, max: 9 }) },
  training: { rate: hp.float("rate", { min: 1e-4, max: 1, sampling: "log" }) },
});
const SPACE = spaceOf(hyperModel);
type Plan = ReturnType<typeof hyperModel>;

const seed = 3;
const ORACLES: Record<string, () => Oracle> = {
  random: () => new RandomSearch(SPACE, { seed }),
  grid: () => new GridSearch(SPACE),
  hyperband: () => new Hyperband(SPACE, { maxEpochs: 4, factor: 2, seed, objective: OBJECTIVE }),
  bayesian: () => new BayesianOptimization(SPACE, { initialPoints: 3, seed, objective: OBJECTIVE }),
};

function describe(oracle: Oracle, maxTrials: number | null): StudyDescription {
  const { name: tuner, settings } = oracle;
  return { model: "toy", tuner, objective: OBJECTIVE, maxTrials, space: SPACE, settings };
}

class Killed extends Error {}

/** Counts down on every step of a search; at zero, the process dies. */
class Fuse {
  left: number;
  constructor(left: number) {
    this.left = left;
  }
  step(): void {
    if (this.left-- === 0) throw new Killed("killed");
  }
}

/** A "training" whose result depends on the job alone: on what its parent left, too. */
function toyRun(job: TrialJob<Plan>): TrialOutcome {
  const { plan, initialEpoch, epochs, parentWeights, trial } = job;
  const { width } = plan.model;
  if (width === 9) throw new ShapeError("toy: width must be below 9, got 9");
  const start = parentWeights?.[0]?.data[0] ?? 0;
  assert.is(parentWeights !== null, trial.values["tuner/trial_id"] !== undefined);
  const gain = 1 - Math.abs(width - 5) / 10 - Math.abs(Math.log10(plan.training.rate) + 2) / 20;
  const history = Array.from({ length: epochs - initialEpoch }, (_, i) => {
    const epoch = initialEpoch + i + 1;
    return {
      epoch,
      loss: i === 0 ? Number.NaN : 1 / epoch,
      val_accuracy: gain * (1 - 0.5 ** epoch),
    };
  });
  const score = history.at(-1)?.["val_accuracy"] ?? 0;
  const weights = [
    { name: "w", dtype: "F32" as const, shape: [1], data: new Float32Array([start + score]) },
  ];
  const files = new Map([["weights", weights]]);
  return { score, bestEpoch: epochs, folds: [], history, message: null, weights: files };
}

interface Attempt {
  readonly folder: string;
  readonly oracle: Oracle;
  readonly maxTrials: number | null;
  readonly fuse?: Fuse;
  readonly run?: (job: TrialJob<Plan>) => TrialOutcome;
}

async function attempt({ folder, oracle, maxTrials, fuse, run = toyRun }: Attempt) {
  const study = await openStudy(folder, describe(oracle, maxTrials));
  return await search<Plan>({
    study,
    oracle,
    space: SPACE,
    hyperModel,
    objective: OBJECTIVE,
    maxTrials,
    epochs: 2,
    run: async (job) => {
      fuse?.step();
      const outcome = run(job);
      fuse?.step();
      return outcome;
    },
    onTrialBegin: () => fuse?.step(),
    onTrialEnd: () => fuse?.step(),
  });
}

/** What a study holds, but for the time it took. */
function contentOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true }).map(String).sort();
  const texts = files.flatMap((name): [string, string][] => {
    if (!name.includes(".")) return [[name, "folder"]];
    const text = readFileSync(join(folder, name)).toString("latin1");
    return [[name, text.replace(/"seconds": [\d.e-]+/, "")]];
  });
  return Object.fromEntries(texts);
}

const outline = ({ trials, best }: SearchResult) => ({
  best: best?.id,
  trials: trials.map(({ seconds: _, ...trial }) => trial),
});

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
    assert.is(study.interrupted?.id, "2");
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
      format: 1,
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

test("a study of other settings is refused, and named to the point", async () => {
  await inFolder(async (folder) => {
    const oracle = new RandomSearch(SPACE, { seed });
    await attempt({ folder, oracle, maxTrials: 2 });
    const before = contentOf(folder);
    const base = describe(oracle, 2);
    const wider = SPACE.map((p) =>
      p.name === "width" && p.kind === "int" ? { ...p, max: 12 } : p,
    );
    const cases: [Partial<StudyDescription>, RegExp][] = [
      [{ model: "other" }, /got model "toy" in .* and "other" now/],
      [{ settings: { seed: 4 } }, /got settings seed 3 in .* and 4 now/],
      [{ space: wider }, /got space width max 9 in .* and 12 now/],
      [{ space: SPACE.slice(0, 1) }, /got space rate .* and none now/],
      [{ space: [...SPACE].reverse() }, /got space order width, rate in .* and rate, width now/],
      [{ maxTrials: 3 }, /got maxTrials 2 in .* and 3 now/],
    ];
    for (const [change, message] of cases) {
      const refusal = await refusalOf(openStudy(folder, { ...base, ...change }));
      assert.match(refusal, /^--out: the folder holds a study of other settings/);
      assert.match(refusal, message);
    }
    assert.equal(contentOf(folder), before);
  });
});

test("a newer study, a damaged one and one with trials missing are refused", async () => {
  await inFolder(async (folder) => {
    const oracle = new RandomSearch(SPACE, { seed });
    const description = describe(oracle, 4);
    await attempt({ folder, oracle, maxTrials: 4 });
    const file = join(folder, "oracle.json");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace('"format": 1', '"format": 2'));
    assert.match(await refusalOf(openStudy(folder, description)), /newer Vitrine, got format 2/);
    writeFileSync(file, text.slice(0, 50));
    assert.match(await refusalOf(openStudy(folder, description)), /oracle\.json: must be JSON/);
    writeFileSync(file, text);
    const trial = join(folder, "trial_1", "trial.json");
    const intact = readFileSync(trial, "utf8");
    writeFileSync(trial, "{");
    assert.match(
      await refusalOf(openStudy(folder, description)),
      /trial_1.trial\.json: must be JSON/,
    );
    writeFileSync(trial, intact.replace('"completed"', '"running"'));
    assert.match(await refusalOf(openStudy(folder, description)), /numbered without gaps/);
    rmSync(join(folder, "trial_1"), { recursive: true });
    assert.match(await refusalOf(openStudy(folder, description)), /numbered without gaps/);
  });
});

test("trials that were changed by hand do not go on as if nothing had been", async () => {
  await inFolder(async (folder) => {
    const oracle = new RandomSearch(SPACE, { seed });
    await attempt({ folder, oracle, maxTrials: 4, fuse: new Fuse(9) }).catch(() => null);
    const file = join(folder, "trial_2", "trial.json");
    writeFileSync(file, readFileSync(file, "utf8").replace(/"width": \d/, '"width": 77'));
    assert.match(
      await refusalOf(attempt({ folder, oracle, maxTrials: 4 })),
      /trial 2 must go on from/,
    );
  });
});

test("overwriting deletes a study, and nothing but a study", async () => {
  await inFolder(async (folder) => {
    const foreign = join(folder, "foreign");
    mkdirSync(foreign);
    writeFileSync(join(foreign, "thesis.txt"), "mine");
    const oracle = new RandomSearch(SPACE, { seed });
    const description = describe(oracle, 2);
    for (const overwrite of [false, true]) {
      const refusal = await refusalOf(openStudy(foreign, description, { overwrite }));
      assert.match(refusal, /^--out: the folder must be new or empty/);
    }
    assert.equal(readdirSync(foreign), ["thesis.txt"]);
    const target = join(folder, "study");
    await attempt({ folder: target, oracle, maxTrials: 2 });
    const other = describe(new RandomSearch(SPACE, { seed: 9 }), 3);
    assert.is((await openStudy(target, other, { overwrite: true })).trials.length, 0);
    assert.not(existsSync(join(target, "trial_0")));
    assert.equal(readdirSync(target), ["oracle.json"]);
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
