// The history of results: what is set beside what, and the picture of it.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { benchCommand } from "../../bench/bench-command.ts";
import { historyOf, readHistory } from "../../bench/history/history.ts";
import { executeCommand } from "../../src/cli/frame/command.ts";
import { memoryHost } from "../cli/host.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { type SampleOptions, SOFTWARE, sampleResult } from "./sample-results.ts";

const test = suite("bench: history");

const RESULTS: Readonly<Record<string, SampleOptions>> = {
  "b-second": { date: "2026-11-24T09:00:00.000Z", step: 9, spread: 0.4 },
  "2026-11-22-first": { date: "2026-11-22T09:00:00.000Z" },
  third: {
    date: "2026-11-25T09:00:00.000Z",
    kernels: { "conv2 dx/naive": 11, "conv2 dx/winograd": 0.3, "gemm 512/naive": 118 },
  },
  card: { date: "2026-11-23T09:00:00.000Z", adapter: "a card", isSoftware: false, step: 0.5 },
};

function folderOf(results: Readonly<Record<string, SampleOptions>>): string {
  const folder = temporaryFolder();
  for (const [name, options] of Object.entries(results)) {
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(sampleResult(options)));
  }
  writeFileSync(join(folder, "notes.txt"), "none of ours");
  writeFileSync(join(folder, "samples.json"), "[1, 2]");
  return folder;
}

test("times stand by day beside the case's first, one adapter apart from another", async () => {
  const { results, skipped } = await readHistory(folderOf(RESULTS));
  assert.is(skipped.length, 1);
  assert.match(skipped[0] ?? "", /samples\.json: must be a result of the bench, got a list/);
  const [software, card, ...others] = historyOf(results, { order: ["gemm 512"] });
  assert.equal([software?.adapter, card?.adapter, others.length], [SOFTWARE, "a card", 0]);
  assert.equal(
    software?.results.map(({ name, isNoisy }) => [name, isNoisy]),
    [
      ["2026-11-22-first", false],
      ["b-second", true],
      ["third", false],
    ],
  );
  const times = software?.cases.map(({ name, times: all }) => [
    name,
    ...all.map(({ at, ms, ratio }) => [at, ms, ratio]),
  ]);
  assert.equal(times, [
    ["gemm 512", [2, 118, 1]],
    // The fastest of its variants, whichever that is.
    ["conv2 dx", [0, 0.6, 1], [1, 0.6, 1], [2, 0.3, 0.5]],
    ["pool1 max dx", [0, 0.24, 1], [1, 0.24, 1]],
    ["train step lenet5 batch 50", [0, 6, 1], [1, 9, 1.5], [2, 6, 1]],
  ]);
  const conv = historyOf(results, { isWanted: (name) => name.startsWith("gemm") });
  assert.equal(
    conv.map(({ cases }) => cases.map(({ name }) => name)),
    [["gemm 512"]],
  );
});

test("the picture has a row for each case and a cell for each of its times", async () => {
  const out = join(temporaryFolder(), "history.svg");
  const host = memoryHost();
  const folder = folderOf(RESULTS);
  const code = await executeCommand(benchCommand, ["--history", folder, "--out", out], host);
  assert.is(code, 0, host.stderr.text);
  for (const line of host.stdout.text.split("\n")) {
    assert.ok(line.length <= 80 || line.includes(folder) || line.includes(out), line);
  }
  const svg = readFileSync(out, "utf8");
  const texts = [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]+)</g)].map(([, text]) => text);
  for (const text of ["conv2 dx", "gemm 512", "2026-11-24", "(noisy)", "b-second", "a card"]) {
    assert.ok(texts.includes(text), `${text} is not among ${texts.join(", ")}`);
  }
  assert.ok(texts.some((text) => /^0\.300\s+×0\.50$/.test(text ?? "")));
  assert.is(texts.filter((text) => text === "118.0").length, 1);
  assert.not.match(svg, /NaN|undefined/);
});

test("a folder without results is refused, and nothing is written", async () => {
  const folder = temporaryFolder();
  const out = join(folder, "history.svg");
  for (const [place, message] of [
    [folder, /--history: must be a folder with results, got .* with none/],
    [join(folder, "none"), /--history: must be a folder, got/],
  ] as const) {
    const host = memoryHost();
    assert.is(await executeCommand(benchCommand, ["--history", place, "--out", out], host), 2);
    assert.match(host.stderr.text, message);
  }
  const host = memoryHost();
  const wrong = ["--history", folder, "--out", join(folder, "history.png")];
  assert.is(await executeCommand(benchCommand, wrong, host), 2);
  assert.match(host.stderr.text, /--out: must be a file that ends in \.svg/);
  assert.not.ok(existsSync(out));
});

test.run();
