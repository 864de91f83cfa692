// `npm run compare` as a process: its page, its counts against the predictions of each run by itself, and what it refuses.

import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { findChromium, openPage, overflowOf } from "../page/chromium.ts";
import { readMarkup } from "../study/xml.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { trainedRun } from "../support/trained-run.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("compare command");
const data = smallIdxFolder({ train: 240, test: 60 });
const SET = ["--data", data];
const out = join(temporaryFolder(), "both.html");
let [first, second] = ["", ""];

test.before(async () => {
  first = await trainedRun("relu", data);
  second = await trainedRun("tanh", data, [
    ...["--activation", "tanh", "--seed", "7", "--learning-rate", "0.0005"],
  ]);
});

interface Compared {
  readonly rows: number;
  readonly best: string;
  readonly runs: readonly { readonly run: string; readonly accuracy: number }[];
  readonly mcnemar: readonly {
    readonly bothRight: number;
    readonly onlyFirst: number;
    readonly onlySecond: number;
    readonly bothWrong: number;
    readonly method: string;
    readonly p: number;
    readonly holm: number;
  }[];
  readonly agreement: readonly (readonly { readonly share: number }[])[];
  readonly disagreements: readonly { readonly predicted: readonly number[] }[];
  readonly differences: readonly { readonly name: string; readonly values: readonly unknown[] }[];
}

test("two runs: counts that add up, what was set differently, a page with every chapter", async () => {
  const { code, stdout, stderr } = await runToEnd("compare", [
    ...[first, second, ...SET, "--out", out, "--json"],
  ]);
  assert.is(code, 0, stderr);
  const found: Compared = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
  const [a, b] = found.runs;
  const [pair] = found.mcnemar;
  assert.ok(a && b && pair);
  assert.equal([a.run, b.run], [first, second]);
  const { bothRight, onlyFirst, onlySecond, bothWrong } = pair;
  assert.is(bothRight + onlyFirst + onlySecond + bothWrong, 60);
  assert.is(bothRight + onlyFirst, Math.round(60 * a.accuracy));
  assert.is(bothRight + onlySecond, Math.round(60 * b.accuracy));
  assert.is(pair.method, onlyFirst + onlySecond < 25 ? "exact" : "chi-square");
  assert.is(pair.holm, pair.p);
  const same = Math.round(60 * (found.agreement[0]?.[1]?.share ?? 0));
  assert.is(found.disagreements.length, 60 - same);
  assert.ok(found.disagreements.every(({ predicted: [one, other] }) => one !== other));
  const named = new Map(found.differences.map(({ name, values }) => [name, values]));
  assert.equal(named.get("model.activation"), ["relu", "tanh"]);
  assert.equal(named.get("training.seed"), [42, 7]);
  assert.not(named.has("training.epochs"));
  const page = readFileSync(out, "utf8");
  const ids = readMarkup(page)
    .filter(({ name }) => name === "h2")
    .map(({ attributes }) => attributes["id"]);
  assert.equal(ids, [
    ...["results", "curves", "settings", "significance", "agreement", "classes", "disputed"],
  ]);
  assert.match(page, /Validation curves are of different rows/);
});

test("three runs, one that is another's copy: they never differ, and p is corrected", async () => {
  const copy = join(temporaryFolder(), "copy");
  cpSync(first, copy, { recursive: true });
  rmSync(join(copy, "history.csv"));
  const { code, stdout, stderr } = await runToEnd("compare", [
    ...[first, copy, second, ...SET, "--test-limit", "50"],
    ...["--out", join(temporaryFolder(), "three.html")],
  ]);
  assert.is(code, 0, stderr);
  assert.match(stdout, /^vitrine: comparing 3 runs\nA: relu \(lenet5\)\nB: copy/);
  assert.match(
    stdout,
    /^A–B {2}only A right 0, only B right 0; McNemar \(exact\) p 1\.0000, Holm /m,
  );
  assert.match(stdout, /^written to .*three\.html$/m);
});

test("bad input is one line, and exit code 2", async () => {
  const folder = temporaryFolder();
  const other = join(temporaryFolder(), "other");
  cpSync(second, other, { recursive: true });
  const config = readFileSync(join(other, "config.json"), "utf8");
  writeFileSync(join(other, "config.json"), config.replace('"4"', '"Cat"'));
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /^error: RUN: must be given/],
    [[first], /^error: RUN: must be two runs or more, got 1\nhelp: /],
    [[first, join(first, ".")], /^error: RUN: must be different runs, got .* twice/],
    [[first, folder], /^error: RUN: must be the folder of a saved run, got .*config\.json/],
    [
      [first, other],
      /^error: RUN: must tell the same classes apart, got "Cat" as class 4 in .* and "4" in /,
    ],
    [[first, second, "--out", "page"], /^error: --out: must be a file that ends in \.html/],
    [
      Array.from({ length: 13 }, (_, i) => `runs/${i}`),
      /^error: RUN: must be at most 12 runs, got 13/,
    ],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await runToEnd("compare", args);
    assert.is(code, 2, stderr);
    assert.match(stderr, message);
    assert.match(stderr, /^error: .+\n(help: .+\n)?$/);
  }
});

const browser = findChromium();

(browser === null ? test.skip : test)(
  "in Chromium: no errors, no requests, nothing wider than a phone",
  async () => {
    const opened = await openPage(browser ?? "", out, { width: 390 });
    assert.equal([opened.errors, opened.requests], [[], []]);
    assert.is(await overflowOf(opened.page), 0);
    await opened.close();
  },
);

test.run();
