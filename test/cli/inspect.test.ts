// `npm run inspect` as a process: the page that it writes, of flags and of a saved run; what it refuses.

import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { InspectorDocument } from "../../src/inspect/inspector/inspector-document.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("inspect command");
const data = smallIdxFolder({ train: 120, test: 30 });
const folder = temporaryFolder();
const SET = ["--data", data];

function documentIn(path: string): InspectorDocument {
  const html = readFileSync(path, "utf8");
  assert.not.match(html, /(src|href)="https?:/);
  const [, json = ""] =
    /<script type="application\/json" id="data-document">(.*?)<\/script>/s.exec(html) ?? [];
  return JSON.parse(json);
}

test("a page of a model, with the rows that were asked for", async () => {
  const out = join(folder, "page.html");
  const flags = ["--model", "lenet5", "--step", "predict", "--batch-size", "4", "--out", out];
  const rows = ["--row", "3", "--row", "17"];
  const { code, stdout, stderr } = await runToEnd("inspect", [...SET, ...flags, ...rows]);
  assert.is(code, 0, stderr);
  assert.match(stdout, /^vitrine: looking into the predict step of lenet5\n/);
  assert.match(stdout, /^written {4}.*page\.html, .*: open it in a browser/m);
  const found = documentIn(out);
  assert.is(found.title, "lenet5.predict.4");
  assert.equal(
    found.journeys.map(({ row }) => row),
    [3, 17],
  );
  assert.equal(readdirSync(folder), ["page.html"]);
});

test("--json of a saved run, whose page lies in its folder", async () => {
  const run = join(temporaryFolder(), "run");
  const training = ["--epochs", "1", "--batch-size", "8", "--validation", "0", "--out", run];
  const trained = await runToEnd("train", [...SET, ...training, "--quiet"]);
  assert.is(trained.code, 0, trained.stderr);
  const flags = [...SET, "--images", "3", "--limit", "40", "--rung", "gemm=naive", "--json"];
  const { code, stdout, stderr } = await runToEnd("inspect", [run, ...flags]);
  assert.is(code, 0, stderr);
  const result = JSON.parse(stdout);
  const out = join(run, "inspect.html");
  assert.equal([result.out, result.program, result.images], [out, "lenet5.train.8", 3]);
  assert.is(result.outOfBounds, 0);
  const found = documentIn(out);
  assert.is(found.dispatches.length, result.dispatches);
  assert.is(found.source, run);
  const products = found.solutions.filter(({ ladder }) => ladder === "gemm");
  assert.ok(products.length > 0);
  assert.ok(
    products.every(({ rung, reason }) => `${rung} ${reason}` === "naive asked for by --rung"),
  );
});

const taken = join(temporaryFolder(), "taken.html");
mkdirSync(taken);

for (const [flags, message] of [
  [[join(folder, "no-run")], /no-run/],
  [["--rung", "gemm=fast"], /--rung: .*fast/],
  [
    ["--out", join(folder, "missing", "a.html")],
    /--out: must lie in a folder that exists, got .*a\.html/,
  ],
  [["--out", join(folder, "a.json")], /--out: must be a file that ends in \.html, got .*a\.json/],
  [["--out", taken], /--out: must be a file, got the folder/],
  [["--row", "30"], /--row: must be a test row, from 0 to 29, got 30/],
  [["--row", "x"], /--row: must be a test row, from 0 to 29, got x/],
  [["--batch-size", "121"], /--batch-size: must be at most the 120 rows, got 121/],
  [["--model", "alexnet"], /--model: .*alexnet/],
  [["--step", "back"], /--step: .*back/],
] as const) {
  test(`refused: ${flags.join(" ").replaceAll(folder, "…")}`, async () => {
    const { code, stdout, stderr } = await runToEnd("inspect", [...SET, ...flags, "--json"]);
    assert.is(code, 2);
    assert.is(stdout, "");
    assert.match(stderr, message);
    assert.is(existsSync("inspect-lenet5.html"), false);
  });
}

test.run();
