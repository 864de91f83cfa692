// A disk that is full: the weights come first, what could not be written is said, and no training ends by it. Needs to mount a small
// file system, which only root can; elsewhere it is skipped.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readSafetensors } from "../../src/io/safetensors.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("full disk");
const data = smallIdxFolder({ train: 240, test: 40 });
const mounted: string[] = [];

/** A file system of so many kilobytes; null where none can be mounted. */
function smallDisk(kilobytes: number): string | null {
  const folder = temporaryFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "none", folder], {
      stdio: "ignore",
    });
  } catch {
    console.log("full disk: no file system can be mounted here; skipped");
    return null;
  }
  mounted.push(folder);
  return folder;
}

test.after(() => {
  for (const folder of mounted) execFileSync("umount", ["-l", folder]);
});

const train = (out: string) =>
  runToEnd("train", ["--data", data, "--epochs", "2", "--batch-size", "40", "--out", out]);

test("without room for checkpoints, it trains to its end, says so once, and saves the run", async () => {
  const disk = smallDisk(560);
  if (disk === null) return;
  const out = join(disk, "run");
  const { code, stdout, stderr } = await train(out);
  assert.is(code, 0, stdout + stderr);
  const told = stdout.match(
    /checkpoint-\d+\.safetensors: cannot be written, got no space left on device; training goes on/g,
  );
  assert.is(told?.length, 1, stdout);
  const { tensors } = await readSafetensors(join(out, "weights.safetensors"));
  assert.is(tensors.size, 10);
  assert.ok(JSON.parse(readFileSync(join(out, "metrics.json"), "utf8")).weightsSha256);
});

test("without room for anything beside the weights, those are saved, and the first file that is not is named", async () => {
  const disk = smallDisk(256);
  if (disk === null) return;
  const out = join(disk, "run");
  const { code, stderr } = await train(out);
  assert.is(code, 2, stderr);
  assert.match(stderr, /^error: \S+run\/\S+: cannot be written, got no space left on device\n/);
  const { tensors } = await readSafetensors(join(out, "weights.safetensors"));
  assert.is(tensors.size, 10);
  assert.not(existsSync(join(out, "checkpoint-1.safetensors")));
});

test.run();
