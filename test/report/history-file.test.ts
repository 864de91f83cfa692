// The run folder's history, epoch by epoch: what a killed run leaves.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { historyFile } from "../../src/runs/run-folder.ts";
import type { TrainingControl } from "../../src/train/callbacks/callback.ts";
import { temporaryFolder } from "../data/sample-files.ts";

const test = suite("history file");

test("is whole after every epoch, and starts anew with training", async () => {
  const out = temporaryFolder();
  const control: TrainingControl = {
    learningRate: 0.001,
    weights: new Map(),
    stop: () => undefined,
    restore: () => undefined,
  };
  const callback = historyFile(out);
  const text = () => readFileSync(join(out, "history.csv"), "utf8");
  const header = "epoch,loss,accuracy,val_loss,val_accuracy,lr";
  const first = { loss: 0.5, accuracy: 0.75, val_loss: 0.25, val_accuracy: 0.875, lr: 0.001 };
  for (const _ of [1, 2]) {
    await callback.onTrainBegin?.(control);
    await callback.onEpochEnd?.(0, first, control);
    assert.is(text(), `${header}\n0,0.5,0.75,0.25,0.875,0.001\n`);
    await callback.onEpochEnd?.(1, { ...first, loss: 0.125 }, control);
    assert.is(text().split("\n")[2], "1,0.125,0.75,0.25,0.875,0.001");
  }
  assert.equal(readdirSync(out), ["history.csv"]);
});

test.run();
