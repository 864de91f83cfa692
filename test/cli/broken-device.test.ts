// A device that is lost, runs out of memory, or is not there: told in one line, the finished epochs saved.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { idxHeader, temporaryFolder } from "../data/sample-files.ts";
import { savedFiles } from "../support/saved-run.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { type Finished, runToEnd } from "./start-command.ts";

const test = suite("broken device");
const data = smallIdxFolder({ train: 240, test: 60 });
const BREAKER = "./test/cli/break-device.mjs";
const SAVED = [
  ...["config.json", "curves.svg", "history.csv", "kernels.json", "metrics.json"],
  ...["optimizer.safetensors", "weights.safetensors"],
];
const MANNERS = {
  lost: /^error: device: was lost, got pulled out\nhelp: run it again;.*\n$/,
  memory:
    /^error: device: out of memory, got no room\nhelp: use a smaller batch, or another adapter \(--batch-size, --adapter\)\n$/,
} as const;

function trainUntil(moment: string, manner: string, out: string): Promise<Finished> {
  const args = ["--data", data, "--epochs", "9", "--batch-size", "20", "--out", out];
  const env = { BREAK: manner, BREAK_AT: moment };
  return runToEnd("train", args, { env, preload: BREAKER });
}

for (const [manner, message] of Object.entries(MANNERS)) {
  test(`${manner}: the finished epochs are saved and can be used`, async () => {
    const out = join(temporaryFolder(), "run");
    const { code, stdout, stderr } = await trainUntil("Epoch 4/9", manner, out);
    assert.is(code, 2, stderr);
    assert.match(stderr, message);
    assert.match(stdout, /^ended by an error after 3 epochs; the weights of epoch \d are kept\n/m);
    assert.equal(savedFiles(out), SAVED);
    const metrics = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"));
    assert.equal([metrics.ended, metrics.epochs], ["failed", 3]);
    const scored = await runToEnd("evaluate", [out, "--data", data, "--json"]);
    assert.is(scored.code, 0, scored.stderr);
    assert.is(JSON.parse(scored.stdout).rows, 60);
  });
}

test("lost twice, it is opened again, and the outcome is that of a run that was not", async () => {
  const folder = temporaryFolder();
  const args = ["--data", data, "--epochs", "6", "--batch-size", "20", "--json", "--out"];
  const env = { BREAK: "lost", BREAK_AT: "Epoch 4/6", BREAK_TIMES: "2" };
  const broken = await runToEnd("train", [...args, join(folder, "broken")], {
    ...{ env: { ...env, BREAK_STREAM: "stderr" }, preload: BREAKER },
  });
  assert.is(broken.code, 0, broken.stderr);
  const told = broken.stderr.match(/^device: was lost, .*goes on after epoch 3$/gm);
  assert.is(told?.length, 2, broken.stderr);
  const whole = await runToEnd("train", [...args, join(folder, "whole")]);
  const [one, other] = [broken, whole].map(({ stdout }) => JSON.parse(stdout).weightsSha256);
  assert.is(one, other);
  const [a, b] = ["broken", "whole"].map((run) =>
    readFileSync(join(folder, run, "history.csv"), "utf8"),
  );
  assert.is(a, b);
});

test("broken before an epoch is finished: nothing is left", async () => {
  const out = join(temporaryFolder(), "runs", "run");
  const { code, stderr } = await trainUntil("Epoch 1/9", "lost", out);
  assert.is(code, 2, stderr);
  assert.match(stderr, MANNERS.lost);
  assert.not(existsSync(dirname(out)));
});

test("a batch that the adapter cannot bind is refused before training", async () => {
  const many = emptyImages(8000);
  const out = join(temporaryFolder(), "run");
  const args = ["--data", many, "--validation", "0", "--batch-size", "7900", "--out", out];
  const env = { BREAK: "limits" };
  const { code, stdout, stderr } = await runToEnd("train", args, { env, preload: BREAKER });
  assert.is(code, 2, stderr);
  assert.match(stderr, /needs \d+\.\d MB in one binding, this adapter allows 128\.0 MB\n/);
  assert.match(
    stderr,
    /^help: use a smaller batch or model, or another adapter \(--batch-size, --adapter\)$/m,
  );
  assert.not.match(stdout, /Epoch/);
  assert.not(existsSync(out));
});

/** Black images but for their number, so that none is a duplicate. */
function emptyImages(rows: number): string {
  const folder = smallIdxFolder({ train: 10, test: 10 });
  const images = new Uint8Array(rows * 784);
  for (let row = 0; row < rows; row++) images.set([row & 255, row >> 8], row * 784);
  const labels = Uint8Array.from({ length: rows }, (_, row) => row % 10);
  const write = (name: string, parts: readonly Uint8Array[]) =>
    writeFileSync(join(folder, name), Buffer.concat(parts));
  write("train-images-idx3-ubyte", [idxHeader(0x803, [rows, 28, 28]), images]);
  write("train-labels-idx1-ubyte", [idxHeader(0x801, [rows]), labels]);
  return folder;
}

test("no adapter at all, and none of that name", async () => {
  const out = join(temporaryFolder(), "run");
  const named = await runToEnd("train", ["--data", data, "--out", out, "--adapter", "Voodoo"]);
  assert.is(named.code, 2);
  assert.match(named.stderr, /^error: --adapter: must be part of .*, got Voodoo\nhelp: the ada/);
  const env = { VK_DRIVER_FILES: "/no/such/driver.json", VK_ICD_FILENAMES: "/no/such/driver.json" };
  const none = await runToEnd("train", ["--data", data, "--out", out], { env });
  assert.is(none.code, 2);
  assert.match(none.stderr, /^error: device: no WebGPU adapter was found\nhelp: .*npm run setup/m);
  assert.not(existsSync(out));
});

test.run();
