// --precision: what a run records of it, and what goes with it and what does not. (Its training is in test/optim/mixed.test.ts.)

import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as v from "valibot";
import { describeOptimisation, optimisationOf } from "../../src/cli/inputs/training-flags.ts";
import { parseHistory } from "../../src/report/run/run-files.ts";
import { historyCsv, historyRow } from "../../src/runs/history.ts";
import { optimisationEntries } from "../../src/runs/optimisation-record.ts";
import { fitSettings } from "../../src/train/training.ts";

const test = suite("--precision");

const flags = { nesterov: false };
const others = { epochs: 1, batchSize: 10, learningRate: 0.1, patience: 0 };

test("is recorded where it is not the default, said, read back, and trained by", () => {
  assert.equal(optimisationOf({ ...flags, precision: "float32" }), {});
  const asked = optimisationOf({ ...flags, precision: "mixed" });
  assert.equal(asked, { precision: "mixed" });
  assert.is(describeOptimisation(asked), ", mixed precision");
  assert.equal(v.parse(v.object(optimisationEntries), JSON.parse(JSON.stringify(asked))), asked);
  assert.not.ok(v.safeParse(v.object(optimisationEntries), { precision: "f8" }).success);
  assert.is(fitSettings({ ...others, ...asked }).precision, "mixed");
  assert.is(fitSettings(others).precision, undefined);
});

test("a search's precision goes for what no flag says, and a flag takes its place", () => {
  const found = { precision: "mixed" } as const;
  assert.equal(optimisationOf(flags, found), found);
  assert.equal(optimisationOf({ ...flags, optimizer: "adam" }, found), found);
  assert.equal(optimisationOf({ ...flags, precision: "float32" }, found), {});
});

test("the loss scale and the steps left out are columns of the history, only in mixed precision", () => {
  const logs = { loss: 2, accuracy: 0.5, lr: 0.1 };
  const [plain] = historyCsv([historyRow(logs, 0)]).split("\n");
  assert.is(plain, "epoch,loss,accuracy,lr");
  const scaled = [
    { ...logs, loss_scale: 32768 },
    { ...logs, loss_scale: 16384, skipped_steps: 1 },
  ];
  const text = historyCsv(scaled.map(historyRow));
  assert.is(
    text,
    "epoch,loss,accuracy,lr,loss_scale,skipped_steps\n0,2,0.5,0.1,32768,0\n1,2,0.5,0.1,16384,1\n",
  );
  assert.equal(
    parseHistory(text, "history.csv").map(({ loss, learningRate }) => [loss, learningRate]),
    [
      [2, 0.1],
      [2, 0.1],
    ],
  );
});

test.run();
