// The folder of a study: what is not its own, or not what it was, is refused and left alone.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openStudy, type StudyDescription } from "../../src/runs/search-folder.ts";
import { RandomSearch } from "../../src/tune/oracles/random-search.ts";
import { inFolder, refusalOf } from "../io/folder.ts";
import { attempt, contentOf, describe, Fuse, SPACE, seed } from "./toy-search.ts";

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
      [{ maxTrials: 3 }, /got maxTrials 2 in .* and 3 now/],
    ];
    for (const [change, message] of cases) {
      const refusal = await refusalOf(openStudy(folder, { ...base, ...change }));
      assert.match(refusal, /^out: the folder holds a study of other settings/);
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
      assert.match(refusal, /^out: the folder must be new or empty/);
    }
    assert.equal(readdirSync(foreign), ["thesis.txt"]);
    const target = join(folder, "study");
    await attempt({ folder: target, oracle, maxTrials: 2 });
    const other = describe(new RandomSearch(SPACE, { seed: 9 }), 3);
    assert.is((await openStudy(target, other, { overwrite: true })).trials.length, 0);
    assert.not(existsSync(join(target, "trial_0")));
    assert.equal(readdirSync(target), [".lock", "oracle.json"]);
  });
});

test.run();
