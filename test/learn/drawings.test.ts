// The drawings of docs/learn are those that bench/learn/draw.ts draws now, and every one of them is shown.

import { readdirSync, readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { learnPath } from "../../bench/learn/chapter.ts";
import { DRAWINGS } from "../../bench/learn/drawings/drawings.ts";

const test = suite("learn: drawings");

const REDRAW = "node --import tsx --import ./src/shaders/node-hook.mjs bench/learn/draw.ts";

for (const [name, draw] of Object.entries(DRAWINGS)) {
  test(`${name}.svg is up to date`, () => {
    const isSame = readFileSync(learnPath(`${name}.svg`), "utf8") === draw();
    assert.ok(isSame, `docs/learn/${name}.svg is not what is drawn now; run ${REDRAW}`);
  });
}

test("every drawing has a chapter, and the other way round", () => {
  const chapters = readdirSync(learnPath("")).filter((file) => /^\d\d-.*\.md$/.test(file));
  const shown = chapters.flatMap((file) => {
    const text = readFileSync(learnPath(file), "utf8");
    const drawings = [...text.matchAll(/!\[[^\]]+\]\(([^)]+)\.svg\)/g)];
    assert.ok(drawings.length > 0, `${file} has no drawing`);
    return drawings.map(([, name = ""]) => name);
  });
  assert.equal(shown.sort(), Object.keys(DRAWINGS).sort());
});

test.run();
