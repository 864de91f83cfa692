// `npm run inspect`: a page is written whole, with what --json says of it; bad input is one line.

import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("inspect command");
const folder = temporaryFolder();
const data = smallIdxFolder({ train: 60, test: 20 });

test("a step of a model", async () => {
  const out = join(folder, "step.html");
  const flags = ["--model", "lenet5", "--data", data, "--batch-size", "10", "--images", "2"];
  const run = await runToEnd("inspect", [...flags, "--step", "predict", "--out", out, "--json"]);
  assert.is(run.code, 0, run.stderr);
  const found = JSON.parse(run.stdout);
  assert.is(found.bytes, statSync(out).size);
  assert.equal([found.program, found.images, found.outOfBounds], ["lenet5.predict.10", 2, 0]);
  assert.match(run.stderr, /^vitrine: looking into the predict step of lenet5$/m);
  assert.match(
    run.stderr,
    /^written .*step\.html, .*: open it in a browser, it needs no network$/m,
  );
  const html = readFileSync(out, "utf8");
  const [, json = ""] = /id="data-inspector">(.*?)<\/script>/s.exec(html) ?? [];
  assert.is(JSON.parse(json).dispatches.length, found.dispatches);
});

for (const [flags, message] of [
  [
    ["nowhere"],
    /error: RUN: must be the folder of a saved run, got nowhere without config\.json|nowhere/,
  ],
  [["--rung", "gemm=magic"], /--rung: .*magic/],
  [["--out", join(folder, "none", "x.html")], /--out: /],
  [["--out", join(folder, "x.txt")], /--out: .*\.html/],
  [["--batch-size", "61", "--limit", "60"], /--batch-size: must be at most the 60 rows, got 61/],
] as const) {
  test(`refused: ${flags.join(" ")}`, async () => {
    const { code, stderr } = await runToEnd("inspect", [...flags, "--data", data]);
    assert.is(code, 2, stderr);
    assert.match(stderr, message);
    assert.is(stderr.split("\n").filter((line) => line.startsWith("error:")).length, 1);
    assert.not(existsSync(join(folder, "x.txt")));
  });
}

test.run();
