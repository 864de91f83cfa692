// The folder of a study: what is not its own, or not what it was, is refused and left alone.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { StudyDescription } from "../../src/runs/search-description.ts";
import { openStudy, readStudy } from "../../src/runs/search-folder.ts";
import { Hyperband } from "../../src/tune/oracles/hyperband.ts";
import { RandomSearch } from "../../src/tune/oracles/random-search.ts";
import type { Trial } from "../../src/tune/trial.ts";
import type { TrialJob } from "../../src/tune/tuner.ts";
import { inFolder, refusalOf } from "../io/folder.ts";
import {
  attempt,
  contentOf,
  describe,
  Fuse,
  OBJECTIVE,
  ORACLES,
  type Plan,
  SPACE,
  seed,
  toyRun,
} from "./toy-search.ts";

const test = suite("study-folder");

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
      [{ maxTrials: 1 }, /got maxTrials 2 in .* and 1 now/],
      [{ maxTrials: null }, /got maxTrials 2 in .* and null now/],
    ];
    for (const [change, message] of cases) {
      const refusal = await refusalOf(openStudy(folder, { ...base, ...change }));
      assert.match(refusal, /^out: the folder holds a study of other settings/);
      assert.match(refusal, message);
    }
    assert.equal(contentOf(folder), before);
  });
});

test("more trials than before go on, to what so many from the start would have been", async () => {
  await inFolder(async (folder) => {
    const oracle = () => new RandomSearch(SPACE, { seed });
    const [grown, whole] = [join(folder, "grown"), join(folder, "whole")];
    await attempt({ folder: grown, oracle: oracle(), maxTrials: 2 });
    await attempt({ folder: grown, oracle: oracle(), maxTrials: 4 });
    await attempt({ folder: whole, oracle: oracle(), maxTrials: 4 });
    assert.equal(contentOf(grown), contentOf(whole));
  });
});

test("a newer study, a damaged one and one with a trial twice are refused", async () => {
  await inFolder(async (folder) => {
    const oracle = new RandomSearch(SPACE, { seed });
    const description = describe(oracle, 4);
    await attempt({ folder, oracle, maxTrials: 4 });
    const file = join(folder, "oracle.json");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace('"format": 2', '"format": 3'));
    assert.match(await refusalOf(openStudy(folder, description)), /newer Vitrine, got format 3/);
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
    writeFileSync(trial, intact.replace('"id": "1"', '"id": "3"'));
    assert.match(
      await refusalOf(openStudy(folder, description)),
      /numbers of their folders, got 3/,
    );
  });
});

test("figures and values that no trial can have are named, and not searched on", async () => {
  await inFolder(async (folder) => {
    const oracle = new RandomSearch(SPACE, { seed });
    await attempt({ folder, oracle, maxTrials: 4 });
    const file = join(folder, "trial_1", "trial.json");
    const sound = readFileSync(file, "utf8");
    const damages: readonly (readonly [RegExp, string, string])[] = [
      [/"score": [\d.]+/, '"score": 1e400', "score must be a finite number, got Infinity"],
      [/"score": [\d.]+/, '"score": "NaN"', 'score must be a number, got "NaN"'],
      [/"score": [\d.]+/, '"score": 5', "score must be at most 1, got 5"],
      [/"score": [\d.]+/, '"score": null', "score must be a number in a completed trial, got none"],
      [
        /"width": \d/,
        '"width": 77',
        "values.width must be a value that the search space has, got 77",
      ],
      [/"val_accuracy": [\d.]+/, '"val_accuracy": 5', "val_accuracy must be from 0 to 1, got 5"],
      [/"seconds": [\d.e-]+/, '"seconds": -1', "seconds must be at least 0, got -1"],
      [/"values": {[^}]*}/, '"values": null', "values must be an object, got null"],
    ];
    for (const [what, damage, message] of damages) {
      assert.match(sound, what);
      writeFileSync(file, sound.replace(what, damage));
      const refusal = await refusalOf(readStudy(folder));
      assert.ok(refusal.startsWith(`${file}: `) && refusal.endsWith(message), refusal);
    }
    const manifest = join(folder, "oracle.json");
    writeFileSync(file, sound);
    const text = readFileSync(manifest, "utf8");
    writeFileSync(manifest, text.replace(/"max": 9/, '"max": -9'));
    assert.match(
      await refusalOf(readStudy(folder)),
      /space\.\d must be a range, choice or default/,
    );
  });
});

test("trials that are missing or were interrupted anywhere are run again, and no others", async () => {
  await inFolder(async (folder) => {
    for (const [name, create] of Object.entries(ORACLES)) {
      const [whole, holed] = [join(folder, name, "whole"), join(folder, name, "holed")];
      const maxTrials = name === "hyperband" ? null : 9;
      for (const target of [whole, holed]) {
        await attempt({ folder: target, oracle: create(), maxTrials });
      }
      rmSync(join(holed, "trial_2"), { recursive: true });
      rmSync(join(holed, "trial_4", "trial.json"));
      const third = join(holed, "trial_3", "trial.json");
      writeFileSync(third, readFileSync(third, "utf8").replace('"completed"', '"running"'));
      const study = await readStudy(holed);
      assert.equal(
        [study.trials[0]?.id, study.trials[1]?.id, study.interrupted[0]?.id],
        ["1", "5", "3"],
      );
      const run: string[] = [];
      const counted = (job: TrialJob<Plan>) => {
        run.push(job.trial.id);
        return toyRun(job);
      };
      await attempt({ folder: holed, oracle: create(), maxTrials, run: counted });
      assert.equal(run, ["2", "3", "4"], name);
      assert.equal(contentOf(holed), contentOf(whole), name);
    }
  });
});

test("trials that were changed by hand do not go on as if nothing had been", async () => {
  await inFolder(async (folder) => {
    const oracle = new RandomSearch(SPACE, { seed });
    await attempt({ folder, oracle, maxTrials: 4, fuse: new Fuse(9) }).catch(() => null);
    const file = join(folder, "trial_3", "trial.json");
    const other = (_: string, width: string) => `"width": ${(Number(width) % 8) + 1}`;
    writeFileSync(file, readFileSync(file, "utf8").replace(/"width": (\d)/, other));
    assert.match(
      await refusalOf(attempt({ folder, oracle, maxTrials: 4 })),
      /trial 3 must go on from/,
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
      assert.match(refusal, /^out: the folder must be new or empty/);
    }
    assert.equal(readdirSync(foreign), ["thesis.txt"]);
    const target = join(folder, "study");
    await attempt({ folder: target, oracle, maxTrials: 2 });
    const other = describe(new RandomSearch(SPACE, { seed: 9 }), 3);
    assert.is((await openStudy(target, other, { overwrite: true })).trials.length, 0);
    assert.not(existsSync(join(target, "trial_1")));
    assert.equal(readdirSync(target), [".lock", "oracle.json"]);
  });
});

/** The folder as format 1 would have it: numbered from 0, padded. */
function age(folder: string, digits: number): void {
  const padded = (id: unknown) => String(Number(id) - 1).padStart(digits, "0");
  const rewrite = (path: string, change: (value: Record<string, unknown>) => object): void => {
    const value = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...value, format: 1, ...change(value) }));
  };
  const names = readdirSync(folder).filter((name) => name.startsWith("trial_"));
  names.sort((a, b) => Number(a.slice(6)) - Number(b.slice(6)));
  for (const name of names) {
    const file = join(folder, name, "trial.json");
    if (existsSync(file)) {
      rewrite(file, ({ id, values }) => {
        const parent = (values as Record<string, unknown>)["tuner/trial_id"];
        const moved = parent === undefined ? {} : { "tuner/trial_id": padded(parent) };
        return { id: padded(id), values: { ...(values as object), ...moved } };
      });
    }
    renameSync(join(folder, name), join(folder, `trial_${padded(name.slice(6))}`));
  }
  rewrite(join(folder, "oracle.json"), () => ({}));
  rewrite(join(folder, "best.json"), ({ trialId }) => ({ trialId: padded(trialId) }));
}

for (const [name, fuse] of [
  ["finished", 999],
  ["interrupted", 43],
] as const) {
  test(`a study that counted from 0 is read, and goes on as if it had not: ${name}`, async () => {
    await inFolder(async (root) => {
      const oracle = () =>
        new Hyperband(SPACE, { maxEpochs: 4, factor: 2, seed, objective: OBJECTIVE });
      const [whole, old] = [join(root, "whole"), join(root, "old")];
      const maxTrials = null;
      const { trials } = await attempt({ folder: whole, oracle: oracle(), maxTrials });
      assert.ok(trials.length > 10);
      await attempt({ folder: old, oracle: oracle(), maxTrials, fuse: new Fuse(fuse) }).catch(
        () => null,
      );
      age(old, 4);
      assert.ok(existsSync(join(old, "trial_0000", "trial.json")));
      const read = await readStudy(old);
      const sameUntil = trials.slice(0, read.trials.length);
      assert.equal(timeless(read.trials), timeless(sameUntil));
      const parent = read.trials.findLast(({ status }) => status === "completed");
      assert.is((await read.loadWeights(parent?.id ?? "")).length, 1);
      // As a kill would leave it: a record in the new numbers in a folder of the old ones.
      const half = join(old, "trial_0008");
      const record = readFileSync(join(whole, "trial_9", "trial.json"));
      writeFileSync(join(half, "trial.json"), record);
      assert.equal(timeless((await readStudy(old)).trials), timeless(sameUntil));
      await attempt({ folder: old, oracle: oracle(), maxTrials });
      assert.equal(contentOf(old), contentOf(whole));
    });
  });
}

function timeless(trials: readonly Trial[]): object[] {
  return trials.map((trial) => ({ ...trial, seconds: 0 }));
}

test.run();
