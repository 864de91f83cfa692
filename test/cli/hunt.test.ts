// `npm run train` when the loss stops being a number: the culprit is named, and training that goes well is the same bits
// with and without what it keeps for a hunt.

import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("hunt");
const folder = temporaryFolder();
const data = smallIdxFolder({ train: 120, test: 20 });
const FLAGS = ["--data", data, "--batch-size", "10", "--validation", "0.25"];
const WRECKED = [...FLAGS, "--learning-rate", "1e5", "--epochs", "2"];

test("a rate that wrecks the weights is traced to step, kernel and element", async () => {
  const { code, stdout, stderr } = await runToEnd("train", [
    ...WRECKED,
    "--out",
    join(folder, "a"),
  ]);
  assert.is(code, 2);
  assert.match(stdout, /the loss became NaN or infinite in epoch 1; looking for where/);
  assert.match(stdout, /^epoch 1, step \d+: \S+ made \S+.* (Infinity|-Infinity|NaN)/m);
  assert.match(stdout, /^ {2}dispatch {3}#\d+ \S+\/\S+/m);
  assert.match(stdout, /^ {2}inputs /m);
  assert.match(stderr, /error: --learning-rate: the loss became NaN or infinite in epoch 1\n/);
});

test("--no-hunt leaves it at the error", async () => {
  const flags = [...WRECKED, "--no-hunt", "--out", join(folder, "b")];
  const { code, stdout, stderr } = await runToEnd("train", flags);
  assert.is(code, 2);
  assert.not.match(stdout, "looking for where");
  assert.match(stderr, /error: --learning-rate: the loss became NaN/);
});

test("what is kept for a hunt changes no bit", async () => {
  const digests = await Promise.all(
    [[], ["--no-hunt"]].map(async (flags, index) => {
      const out = join(folder, `digest${index}`);
      const run = await runToEnd("train", [
        ...FLAGS,
        ...flags,
        "--epochs",
        "2",
        "--out",
        out,
        "--json",
      ]);
      assert.is(run.code, 0, run.stderr);
      return JSON.parse(run.stdout).weightsSha256;
    }),
  );
  assert.match(digests[0], /^[0-9a-f]{64}$/);
  assert.is(digests[0], digests[1]);
});

test.run();
