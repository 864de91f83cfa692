// What is read of a run's folder besides its weights: histories as CSVLogger writes them, and what is wrong with others.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseHistory, readRunFiles } from "../../src/report/run/run-files.ts";
import { historyCsv } from "../../src/runs/history.ts";
import { temporaryFolder } from "../data/sample-files.ts";

const test = suite("run files");

test("a history comes back as it was written, numbers that are none included", () => {
  const rows = [
    { epoch: 0, loss: 1.25, accuracy: 0.5, valLoss: 1, valAccuracy: 0.6, learningRate: 0.001 },
    {
      ...{ epoch: 1, loss: Number.NaN, accuracy: 0.1 },
      ...{ valLoss: Number.POSITIVE_INFINITY, valAccuracy: undefined, learningRate: 5e-7 },
    },
  ];
  assert.equal(parseHistory(historyCsv(rows), "history.csv"), rows);
});

test("without validation, and with columns of others", () => {
  const text = "epoch,accuracy,loss,lr,note\r\n0,0.5,1.5,0.01,7\r\n";
  assert.equal(parseHistory(text, "history.csv"), [
    {
      ...{ epoch: 0, loss: 1.5, accuracy: 0.5, learningRate: 0.01 },
      ...{ valLoss: undefined, valAccuracy: undefined },
    },
  ]);
});

test("what is no number, and a row that is too short, by file and line", () => {
  const parse = (text: string) => () => parseHistory(text, "h.csv");
  assert.throws(parse("accuracy,loss\n0,1\n1,x\n"), /^h\.csv:3: loss must be a number, got "x"$/);
  assert.throws(parse("accuracy,loss\n0\n"), /^h\.csv:2: a row must have 2 values.*got 1$/);
});

test("an empty folder holds nothing; a figure file that is none is told", async () => {
  const folder = temporaryFolder();
  assert.equal(await readRunFiles(folder), { history: [], metrics: {}, statistics: [] });
  for (const text of ["{", "[1]"]) {
    writeFileSync(join(folder, "metrics.json"), text);
    let message = "";
    await readRunFiles(folder).catch((error: Error) => {
      message = error.message;
    });
    assert.match(message, /metrics\.json: must be /);
  }
});

test.run();
