// Models of the person's own through the commands: a program's, that is trained, exported and shown again as a file; a search of
// one's own; and what is told of programs that fail.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("own models");
const data = smallIdxFolder({ train: 260, test: 40 });
// Without a package.json, as a folder of a person's may be.
const folder = temporaryFolder();

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const OWN = `import { conv2d, dense, dropout, flatten, maxPooling2d, sequential } from "vitrine";
export default sequential("mine", [28, 28, 1], [
  conv2d({ filters: 4, kernelSize: 3, activation: "relu" }), maxPooling2d(), flatten(), dropout({ rate: 0.2 }),
  dense({ units: 10, activation: "softmax" }),
]);
`;
const SPACE = `import { dense, flatten, sequential } from "vitrine";
export default (hp) => ({
  model: sequential("searched", [28, 28, 1], [flatten(), dense({ units: hp.int("units", { min: 8, max: 16, step: 8 }), activation: "relu" }), dense({ units: 10, activation: "softmax" })]),
  batchSize: 32,
});
`;

async function json(command: string, ...args: string[]) {
  const { code, stdout, stderr } = await runToEnd(command, [...args, "--data", data, "--json"]);
  assert.is(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test("a program's model is trained; exported, it scores the same and is trained on", async () => {
  const [run, file] = [join(folder, "run"), join(folder, "mine.keras")];
  await json("train", "--model", written("mine.ts", OWN), "--epochs", "1", "--out", run);
  const { model } = JSON.parse(readFileSync(join(run, "config.json"), "utf8"));
  assert.equal([model.name, model.architecture.class_name], ["mine", "Sequential"]);
  const { code, stderr } = await runToEnd("export", [run, "--to", file]);
  assert.is(code, 0, stderr);
  const [own, theirs] = [await json("evaluate", run), await json("evaluate", file)];
  for (const figure of ["loss", "accuracy", "macro"]) assert.equal(theirs[figure], own[figure]);
  const on = join(folder, "on");
  await json("train", "--model", file, "--epochs", "1", "--freeze", "base", "--out", on);
  const config = JSON.parse(readFileSync(join(on, "config.json"), "utf8"));
  assert.match(config.model.pretrained, /^[0-9a-f]{64}$/);
  assert.is(config.model.freeze, "base");
  const { optimizer, schedule, learningRate } = config.training;
  assert.equal(
    { optimizer, schedule, learningRate },
    { optimizer: "adam", schedule: "constant", learningRate: 0.001 },
  );
});

test("a search of one's own leaves models that can be trained on", async () => {
  const study = join(folder, "study");
  const space = written("space.ts", SPACE);
  const flags = ["--space", space, "--trials", "2", "--epochs", "1", "--validation", "0.2"];
  await json("tune", ...flags, "--out", study);
  const best = JSON.parse(readFileSync(join(study, "best.json"), "utf8"));
  assert.is(best.training.batchSize, 32);
  assert.match(JSON.stringify(best.model.architecture), /"units":(8|16)/);
  const args = ["--space", space, "--model", "lenet5", "--data", data];
  const { code, stderr } = await runToEnd("tune", args);
  assert.is(code, 2);
  assert.match(stderr, /--model: --space builds its own models, got lenet5/);
});

test("what a search of one's own gives beside model, rate and batch is not passed over", async () => {
  const text = SPACE.replace("batchSize: 32", "batchSize: 32, weights: []");
  const space = written("more.ts", text);
  const { code, stderr } = await runToEnd("tune", ["--space", space, "--data", data]);
  assert.is(code, 2);
  assert.match(
    stderr,
    /^error: --space: .*more\.ts: build\(hp\) must give model, learningRate and batchSize only, got weights$/m,
  );
});

test("programs that fail are told in a line", async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['throw new Error("not today");', /--model: .*\.ts must load, got Error: not today/],
    ["export default 3;", /--model: .*\.ts must export a model, got a number/],
  ];
  for (const [text, expected] of cases) {
    const path = written("bad.ts", text);
    const { code, stderr } = await runToEnd("summary", ["--model", path]);
    assert.is(code, 2);
    assert.match(stderr, expected);
    assert.not.match(stderr, /\n +at /, "no stack");
  }
});

test.run();
