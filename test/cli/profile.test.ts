// `npm run profile` as a process: what it prints and writes, of flags and of a saved run; what it compares; what it refuses.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { variablesOf } from "../../src/engine/layers/model.ts";
import { readProfile } from "../../src/inspect/profile/profile-schema.ts";
import { createModel, type ModelConfig } from "../../src/models/models.ts";
import { saveRun } from "../../src/runs/run-folder.ts";
import { runConfig } from "../../src/runs/run-record.ts";
import { namedTensors } from "../../src/train/named-tensors.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { seededWeights } from "../keras/networks.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("profile command");
const data = smallIdxFolder({ train: 240, test: 40 });
const folder = temporaryFolder();
const SET = ["--data", data];

async function savedRun(): Promise<string> {
  const config: ModelConfig = {
    name: "lenet5",
    activation: "tanh",
    pooling: "average",
    classes: 10,
  };
  const model = createModel(config);
  const run = join(temporaryFolder(), "run");
  mkdirSync(run);
  const classNames = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  const training = { batchSize: 20, optimizer: "sgd", momentum: 0.9 };
  await saveRun(run, {
    config: runConfig({ model: config, classNames, training, data: {}, adapter: "none" }),
    ...{ metrics: {}, history: [], confusion: null },
    weights: namedTensors(variablesOf(model), seededWeights(model, 9)),
  });
  return run;
}

test("tables, and every file that is asked for", async () => {
  const paths = ["a.json", "a.csv", "t.json", "a.svg"].map((name) => join(folder, name));
  const [out = "", csv = "", trace = "", roofline = ""] = paths;
  const files = ["--out", out, "--csv", csv, "--trace", trace, "--roofline", roofline];
  const { code, stdout, stderr } = await runToEnd("profile", [...SET, ...files]);
  assert.is(code, 0, stderr);
  const lines = stdout.split("\n");
  assert.is(lines[0], "vitrine: profiling the train step of lenet5");
  for (const start of ["ceilings ", "timing ", "step  ", "sum  ", "host ", "idle ", "launch "]) {
    assert.ok(
      lines.some((line) => line.startsWith(start)),
      start,
    );
  }
  for (const title of ["by layer", "by kernel", "by pass"]) assert.match(stdout, title);
  const found = readProfile(JSON.parse(readFileSync(out, "utf8")), out);
  assert.is(found.dispatches.length, 20);
  assert.is(readFileSync(csv, "utf8").trimEnd().split("\n").length, 21);
  assert.ok(JSON.parse(readFileSync(trace, "utf8")).traceEvents.length > 60);
  assert.match(readFileSync(roofline, "utf8"), /^<svg/);
  assert.equal(readdirSync(folder).sort(), ["a.csv", "a.json", "a.svg", "t.json"]);
});

test("--json of a saved run; --compare of it with the one before", async () => {
  const run = await savedRun();
  const flags = [...SET, "--step", "train", "--rung", "gemm=naive"];
  const variant = ["--rung", "conv2d.dx=tiled:64x16/4x4/16"];
  const { code, stdout, stderr } = await runToEnd("profile", [run, ...flags, ...variant, "--json"]);
  assert.is(code, 0, stderr);
  const found = readProfile(JSON.parse(stdout), "stdout");
  assert.equal([found.model, found.step, found.batch], ["lenet5", "train", 20]);
  assert.equal(found.rungs, { gemm: "naive", "conv2d.dx": "tiled 64x16/4x4/16" });
  assert.ok(found.dispatches.some(({ kernel }) => kernel.startsWith("sgd/")));
  assert.ok(found.dispatches.some(({ kernel }) => kernel === "gemm/naive/multiply"));
  assert.ok(found.dispatches.some(({ kernel }) => kernel.startsWith("conv2d/tiled/")));
  // As a shell saves it, with npm's own lines before it.
  const saved = join(folder, "b.json");
  writeFileSync(saved, `\n> vitrine@0.1.0 profile\n> node …\n\n${stdout}`);
  const compared = await runToEnd("profile", ["--compare", join(folder, "a.json"), saved]);
  assert.is(compared.code, 0, compared.stderr);
  assert.match(compared.stdout, "warning: the two are not alike in batch");
  assert.match(compared.stdout, /step {7}[\d.]+ ±[\d.]+ → [\d.]+ ±[\d.]+ ms/);
  const plain = await runToEnd("profile", ["--compare", saved, saved, "--json"]);
  assert.is(JSON.parse(plain.stdout).step.verdict, "same");
});

test("evaluation and prediction have programs of their own", async () => {
  for (const step of ["evaluate", "predict"]) {
    const flags = [...SET, "--step", step, "--batch-size", "30", "--limit", "60", "--json"];
    const { code, stdout, stderr } = await runToEnd("profile", flags);
    assert.is(code, 0, stderr);
    const found = readProfile(JSON.parse(stdout), step);
    assert.is(found.program, `lenet5.${step}.30`);
    assert.not(found.dispatches.some(({ pass }) => pass === "backward"));
  }
  // What it takes by default is more than there are.
  const few = await runToEnd("profile", [...SET, "--step", "predict", "--json"]);
  assert.is(few.code, 0, few.stderr);
  assert.is(JSON.parse(few.stdout).batch, 240);
});

test("what makes no sense is refused in one line", async () => {
  const run = await savedRun();
  const at = (name: string, text: string): string => {
    const path = join(temporaryFolder(), name);
    writeFileSync(path, text);
    return path;
  };
  const known = join(folder, "a.json");
  const broken = at("broken.json", '{"format": "vitrine-pro');
  const foreign = at("foreign.json", '{"format": "vitrine-recording", "version": 1}');
  const newer = at("newer.json", '{"format": "vitrine-profile", "version": 9}');
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [["--step", "fly"], /^error: --step: must be train, evaluate or predict, got fly/],
    [["--rung", "naive"], /^error: --rung: must be ladder=rung, .* got "naive"/],
    [
      ["--rung", "gemm=naive", "--rung", "gemm=tiled"],
      /^error: --rung: must name a ladder once, got/,
    ],
    [["--rung", "gemm=x"], /^error: --rung: is no rung of gemm, which are naive, .*, got x/],
    [["--rung", "gemm=tiled:9x9"], /^error: --rung: is no variant of tiled, which are .*, got 9x9/],
    [["--rung", "gemm=naive:9x9"], /^error: --rung: naive of gemm has no variants, got naive:9x9/],
    [
      [...SET, "--rung", "conv2d.dx=gemm"],
      /^error: --rung: must be a rung that fits .* of conv2d\.dx, got gemm\nhelp: .*naive, tiled/,
    ],
    [
      [...SET, "--rung", "conv2d.dx=naive", "--step", "predict"],
      /^error: --rung: must name a ladder of this step, got conv2d\.dx\nhelp: .*gemm \(naive/,
    ],
    [["--rung", "conv=naive"], /^error: --rung: is no ladder, which are .*conv2d\.dx.*, got conv/],
    [
      [run, "--model", "lenet5"],
      /^error: --model: a saved run has a model of its own, got lenet5 beside/,
    ],
    [[run, "--activation", "relu"], /^error: --activation: a saved run has a model of its own/],
    [[folder], /^error: RUN: must be the folder of a saved run, got/],
    [[...SET, "--limit", "999"], /^error: --limit: must be at most the 240 training rows, got 999/],
    [
      [...SET, "--batch-size", "241"],
      /^error: --batch-size: must be at most the 240 rows, got 241/,
    ],
    [["--model", "lenet5", "--weights", "x.h5"], /^error: --weights: is no setting of lenet5/],
    [["--roofline", "x.png"], /^error: --roofline: must be a file that ends in \.svg, got x\.png/],
    [["--trace", "none/x.json"], /^error: --trace: must lie in a folder that exists, got none/],
    [["--out", "x.json", "--trace", "x.json"], /^error: --trace: must be another file/],
    [
      ["--compare", known],
      /^error: --compare: needs two files, A\.json B\.json, got .*a\.json alone/,
    ],
    [
      ["--compare", known, known, "--rung", "gemm=naive"],
      /^error: --compare: .* --rung is without/,
    ],
    [["--compare", known, broken], /^error: .*broken\.json: must be JSON, got 23 characters/],
    [
      ["--compare", foreign, known],
      /^error: .*foreign\.json: must be a profile, got a vitrine-rec/,
    ],
    [
      ["--compare", newer, known],
      /^error: .*newer\.json: was written by another version, got .* 9/,
    ],
    [["--compare", known, "none.json"], /^error: none\.json: no such file or directory/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await runToEnd("profile", args);
    assert.is(code, 2, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, message);
    assert.match(stderr, /^error: .+\n(help: .+\n)?$/, args.join(" "));
  }
});

test.run();
