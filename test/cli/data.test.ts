// The data command as a process: its table, its pictures, the CSV road there and back, and what it refuses.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("data command");
const idx = smallIdxFolder({ train: 120, test: 30 }, "fashion-mnist");
const csv = join(temporaryFolder(), "csv");

test("looks at IDX files, draws, and writes CSVs that read back the same", async () => {
  const out = join(temporaryFolder(), "look");
  const args = ["--data", idx, "--out", out, "--to-csv", csv, "--json"];
  const { code, stdout, stderr } = await runToEnd("data", args);
  assert.is(code, 0, stderr);
  assert.match(stderr, /^ +train +test\nrows +120 +30\ncolumns +785 +785$/m);
  assert.match(stderr, /^duplicate rows +0 +0$/m);
  assert.equal(readdirSync(out).sort(), ["classes.svg", "samples.svg"]);
  const { source: _, out: __, ...look } = JSON.parse(stdout);
  assert.equal(look.kept, { train: 120, test: 30 });
  assert.equal(look.train.classCounts, Array(10).fill(12));
  const again = await runToEnd("data", ["--data", csv, "--out", join(out, "again"), "--json"]);
  const { source: ___, out: ____, ...same } = JSON.parse(again.stdout);
  assert.equal(same, look);
});

test("counts duplicates and incomplete rows, and refuses the latter unless told", async () => {
  const file = join(csv, "fashion-mnist_train.csv");
  const lines = readFileSync(file, "utf8").split("\n");
  lines[5] = lines[4] ?? "";
  lines[9] = (lines[9] ?? "").split(",").with(7, "").join(",");
  writeFileSync(file, lines.join("\n"));
  const out = join(temporaryFolder(), "refused");
  const refused = await runToEnd("data", ["--data", csv, "--out", out]);
  assert.is(refused.code, 2);
  assert.match(refused.stdout, /fashion-mnist_train.csv:10 {2}pixel7$/m);
  assert.match(
    refused.stderr,
    /^error: .*train.csv:10: a row must have every value, got none for pixel7$/m,
  );
  assert.match(refused.stderr, /^help: --drop-missing/m);
  assert.not(existsSync(out));
  const dropped = await runToEnd("data", ["--data", csv, "--out", out, "--drop-missing"]);
  assert.is(dropped.code, 0, dropped.stderr);
  assert.match(
    dropped.stdout,
    /^dropped {4}duplicate rows: 1 of train; incomplete rows: 1 of train$/m,
  );
  assert.match(dropped.stdout, /^rows left {2}118 to train, 30 to test$/m);
});

test("overwrites neither CSVs nor a folder", async () => {
  const out = temporaryFolder();
  const before = readFileSync(join(csv, "fashion-mnist_train.csv"), "utf8");
  const refused = await runToEnd("data", ["--data", idx, "--out", out, "--to-csv", csv]);
  assert.is(refused.code, 2);
  assert.match(
    refused.stderr,
    /^error: --to-csv: must not overwrite a file, got .* with fashion-mnist_train.csv$/m,
  );
  assert.is(readFileSync(join(csv, "fashion-mnist_train.csv"), "utf8"), before);
  writeFileSync(join(out, "thesis.txt"), "keep me");
  const full = await runToEnd("data", ["--data", idx, "--out", out]);
  assert.is(full.code, 2);
  assert.equal(readdirSync(out), ["thesis.txt"]);
});

test.run();
