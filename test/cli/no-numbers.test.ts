// Trainings that come to nothing say so: weights that the last update spoils, rates that change nothing or only wreck; and a
// reader that goes away costs no training.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { savedFiles } from "../support/saved-run.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd, startCommand } from "./start-command.ts";

const test = suite("no numbers");
const data = smallIdxFolder({ train: 240, test: 40 });

test("NaN that arises in an epoch's only update ends the run with an error, and leaves nothing", async () => {
  for (const [validation, batch] of [
    ["0.2", "190"],
    ["0", "238"],
  ] as const) {
    const out = join(temporaryFolder(), "run");
    const flags = ["--learning-rate", "1e39", "--epochs", "1", "--validation", validation];
    const args = ["--data", data, "--batch-size", batch, "--limit", "238", ...flags];
    const { code, stdout, stderr } = await runToEnd("train", [...args, "--out", out, "--json"]);
    assert.is(code, 2, stderr);
    assert.match(
      stderr,
      /error: --learning-rate: a weight of \S+ became NaN or infinite in epoch 1\n/,
    );
    assert.is(stdout, "");
    assert.not(existsSync(out));
  }
});

test("rates that change nothing, or only wreck: it is said that nothing was learnt", async () => {
  for (const [rate, epochs] of [
    ["1e-46", "2"],
    ["10", "3"],
  ] as const) {
    const out = join(temporaryFolder(), "run");
    const args = ["--data", data, "--learning-rate", rate, "--epochs", epochs, "--out", out];
    const { code, stdout, stderr } = await runToEnd("train", args);
    assert.is(code, 0, stderr);
    assert.match(stdout, /^nothing was learnt: an accuracy of \d+\.\d\d % is no more than/m);
  }
});

test("a reader that goes away stops the training as Ctrl-C does: saved, exit code 141", async () => {
  const out = join(temporaryFolder(), "run");
  const running = startCommand("train", ["--data", data, "--epochs", "5000", "--out", out]);
  assert.ok(await running.prints(/^Epoch 3\//m), running.stderr());
  running.child.stdout?.destroy();
  assert.is(await running.ended, 141);
  assert.equal(savedFiles(out), [
    ...["config.json", "curves.svg", "history.csv", "kernels.json", "metrics.json"],
    ...["optimizer.safetensors", "weights.safetensors"],
  ]);
  assert.is(JSON.parse(readFileSync(join(out, "metrics.json"), "utf8")).ended, "interrupted");
});

test("flags that npm kept for itself are refused, with the command as it should be", async () => {
  const env = {
    npm_lifecycle_event: "train",
    npm_config_epochs: "true",
    npm_config_nesterov: "true",
  };
  const told = async (args: readonly string[], more = {}): Promise<string> => {
    const { code, stderr } = await runToEnd("train", args, { env: { ...env, ...more } });
    assert.is(code, 2);
    return stderr;
  };
  const rule = "was kept by npm, got it before the -- that ends npm's own flags";
  assert.is(
    await told(["3"]),
    `error: --epochs: ${rule}\nhelp: npm run train -- --epochs 3 --nesterov\n`,
  );
  // Whose value is which, nobody can tell.
  assert.is(
    await told(["3", "vgg16"], { npm_config_model: "true" }),
    `error: --model: ${rule}\nhelp: npm run train -- --model … --epochs … --nesterov\n`,
  );
});

test.run();
