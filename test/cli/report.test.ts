// `npm run report` as a process: the page that it writes, its figures against those of `evaluate`, the command that repeats the run,
// and what it refuses.

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadData } from "../../src/library/load-data.ts";
import { saveReport } from "../../src/library/report.ts";
import { tensorData } from "../../src/library/tensor-data.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { barriers } from "../page/access.ts";
import { findChromium, openPage, overflowOf } from "../page/chromium.ts";
import { readMarkup } from "../study/xml.ts";
import { gpu } from "../support/gpu.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { trainedRun } from "../support/trained-run.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("report command");
const data = smallIdxFolder({ train: 240, test: 60 });
const SET = ["--data", data];
let run = "";
let json: Record<string, unknown> = {};

interface Figures {
  readonly [key: string]: unknown;
  readonly rows: number;
  readonly accuracy: number;
  readonly loss: number;
  readonly confusion: readonly (readonly number[])[];
  readonly repeat: string;
  readonly mistakes: readonly { readonly probability: number }[];
}

function lastLine(stdout: string): Figures {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
}

test.before(async () => {
  run = await trainedRun("tanh", data, [
    ...[
      "--seed",
      "3",
      "--learning-rate",
      "0.008",
      "--activation",
      "tanh",
      "--optimizer",
      "sgd",
      "--momentum",
      "0.9",
    ],
    ...["--schedule", "cosine", "--validation", "0.1", "--stats", "4"],
  ]);
});

test("a page in the run's folder, with every chapter, and figures that evaluate confirms", async () => {
  const { code, stdout, stderr } = await runToEnd("report", [run, ...SET, "--json"]);
  assert.is(code, 0, stderr);
  const figures = lastLine(stdout);
  json = figures;
  const evaluated = await runToEnd("evaluate", [run, ...SET, "--json"]);
  const wanted = lastLine(evaluated.stdout);
  assert.is(figures.rows, 60);
  assert.equal(figures.confusion, wanted.confusion);
  assert.ok(Math.abs(figures.accuracy - wanted.accuracy) < 1e-6);
  assert.ok(Math.abs(figures.loss - wanted.loss) < 1e-4, `${figures.loss} ${wanted.loss}`);
  const wrong = Math.round((1 - figures.accuracy) * 60);
  const probabilities = figures.mistakes.map(({ probability }) => probability);
  assert.is(probabilities.length, wrong);
  assert.equal(
    probabilities,
    [...probabilities].sort((a, b) => b - a),
  );

  const page = readFileSync(join(run, "report.html"), "utf8");
  const tags = readMarkup(page);
  const ids = tags.filter(({ name }) => name === "h2").map(({ attributes }) => attributes["id"]);
  assert.equal(ids, [
    ...["learning", "statistics", "confusion", "classes", "calibration", "mistakes", "model"],
    ...["environment", "repeat"],
  ]);
  assert.match(page, /default-src 'none'/);
  const pairs = figures.confusion.flatMap((counts, label) =>
    counts.filter((count, predicted) => label !== predicted && count > 0),
  );
  const pictures = Math.min(24, wrong) + Math.min(8, pairs.length);
  assert.is(tags.filter(({ name }) => name === "img").length, pictures);
  assert.match(page, /Total params: 61,706/);
  // Versions and digests that the run recorded stand beside those of now, and are the same.
  for (const what of ["Node", "SHA-256 of all test rows", "SHA-256 of the weights"]) {
    const cells = new RegExp(`<th scope="row">${what}</th><td>([^–].*?)</td><td>\\1</td>`);
    assert.match(page, cells, what);
  }
});

test("a program of one's own writes the same page with the same figures", async () => {
  const { test: rows } = await loadData({ data });
  const out = join(temporaryFolder(), "own.html");
  const { path, loss, scores, predictions } = await saveReport(await gpu(), {
    ...{ run, test: rows, out },
  });
  assert.equal([path, predictions.predicted.length], [out, 60]);
  assert.ok(Math.abs(loss - Number(json["loss"])) < 1e-6, `${loss} ${json["loss"]}`);
  assert.is(scores.accuracy, json["accuracy"]);
  const [own, theirs] = [out, join(run, "report.html")].map((file) => {
    const tags = readMarkup(readFileSync(file, "utf8"));
    return tags.filter(({ name }) => ["h2", "img", "svg"].includes(name)).map(({ name }) => name);
  });
  assert.equal(own, theirs);
  const floats = tensorData({ x: new Float32Array(784), y: [0], shape: [28, 28, 1] });
  const refused = saveReport(await gpu(), { run, test: floats });
  const message = await refused.catch((error: Error) => error.message);
  assert.is(message, "saveReport: test must have rows of bytes with a class, got float32");
});

test("the command that the page gives repeats the run, bit by bit", async () => {
  const words = String(json["repeat"]).split(" ");
  assert.equal(words.slice(0, 4), ["npm", "run", "train", "--"]);
  const out = join(temporaryFolder(), "again");
  const again = await runToEnd("train", [...words.slice(4), ...SET, "--out", out, "--json"]);
  assert.is(again.code, 0, again.stderr);
  const digest = (folder: string): string =>
    JSON.parse(readFileSync(join(folder, "metrics.json"), "utf8")).weightsSha256;
  assert.is(digest(out), digest(run));
});

test("--test-limit and --out: fewer rows, said so, elsewhere; without history, no curves", async () => {
  const copy = join(temporaryFolder(), "copy");
  cpSync(run, copy, { recursive: true });
  for (const name of ["history.csv", "metrics.json", "report.html"]) {
    rmSync(join(copy, name), { force: true });
  }
  const out = join(temporaryFolder(), "page.html");
  const { code, stdout, stderr } = await runToEnd("report", [
    ...[copy, ...SET, "--test-limit", "25", "--out", out],
  ]);
  assert.is(code, 0, stderr);
  assert.match(stdout, /^vitrine: a report on lenet5 of /);
  assert.match(stdout, /^macro F1 +[01]\.\d{4}$/m);
  assert.match(stdout, /^written to .*page\.html$/m);
  assert.not(existsSync(join(copy, "report.html")));
  const page = readFileSync(out, "utf8");
  readMarkup(page);
  assert.match(page, /the first 25 of 60/);
  assert.match(page, /has no <code>history\.csv<\/code>/);
});

test("bad input is one line, and exit code 2", async () => {
  const folder = temporaryFolder();
  const broken = join(temporaryFolder(), "broken");
  cpSync(run, broken, { recursive: true });
  writeFileSync(join(broken, "history.csv"), "accuracy,loss\n0.5,1.5\n0.5,much\n");
  mkdirSync(join(folder, "a.html"));
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /^error: RUN: must be given, folder of a saved run/],
    [[folder], /^error: RUN: must be the folder of a saved run, got .* without config\.json/],
    [[run, "--out", "page.pdf"], /^error: --out: must be a file that ends in \.html/],
    [[run, "--out", join(folder, "a.html")], /^error: --out: must be a file, got the folder/],
    [[run, "--test-limit", "0"], /^error: --test-limit: must be a whole number of at least 1/],
    [[run, "--data", "/no/such/data"], /^error: --data: must be a file or a folder/],
    [[broken], /^error: .*history\.csv:3: loss must be a number, got "much"/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await runToEnd("report", args);
    assert.is(code, 2, stderr);
    assert.match(stderr, message);
    assert.match(stderr, /^error: .+\n(help: .+\n)?$/);
  }
});

const browser = findChromium();

(browser === null ? test.skip : test)(
  "in Chromium: no errors, no requests, tabs that switch, nothing wider than a phone",
  async () => {
    const file = join(run, "report.html");
    for (const colorScheme of ["light", "dark"] as const) {
      const opened = await openPage(browser ?? "", file, { width: 390, colorScheme });
      const { page } = opened;
      assert.equal([opened.errors, opened.requests], [[], []]);
      assert.is(await overflowOf(page), 0);
      const shown = (): Promise<number[]> =>
        page.$$eval(".panels > div", (panels) =>
          panels.flatMap((panel, i) => (panel.getBoundingClientRect().height > 0 ? [i] : [])),
        );
      assert.equal(await shown(), [0]);
      await page.click("text=share of the predicted class");
      assert.equal(await shown(), [2]);
      const found = colorScheme === "dark" ? await barriers(page) : [];
      await opened.close();
      assert.equal(found, []);
    }
  },
);

test.run();
