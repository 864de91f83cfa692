// A run that was trained in mixed precision, and who looks into its step: in f16 as it was trained, or in float32 where the adapter
// has no f16, which is said.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { precisionOfStep } from "../../src/cli/inputs/inspected-model.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { gpu } from "../support/gpu.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("a run in mixed precision");

test("a training step is looked at as it was trained, where the adapter can; other steps are float32", () => {
  const told: string[] = [];
  const say = (line: string) => told.push(line);
  const of = (hasHalf: boolean, precision: "float32" | "mixed", kind: "train" | "predict") =>
    precisionOfStep({ hasHalf, name: "a GPU" }, { precision }, { kind, say });
  assert.is(of(true, "float32", "train"), "float32");
  assert.is(of(true, "mixed", "predict"), "float32");
  assert.is(of(false, "mixed", "predict"), "float32");
  assert.equal(told, []);
  assert.is(of(true, "mixed", "train"), "mixed");
  assert.equal(told.splice(0), ["precision  mixed, as the run was trained"]);
  assert.is(of(false, "mixed", "train"), "float32");
  assert.equal(told, [
    "note       it was trained in mixed precision, and a GPU has no f16: this is its float32 step",
  ]);
});

const { hasHalf } = await gpu();
const testHalf = hasHalf ? test : test.skip;

testHalf("verify and inspect look at the step in f16 that was trained", async () => {
  const data = smallIdxFolder({ train: 60, test: 12 });
  const run = join(temporaryFolder(), "mixed");
  const done = async (command: string, args: readonly string[]) => {
    const { code, stdout, stderr } = await runToEnd(command, [...args, "--data", data]);
    assert.is(code, 0, `${command}: ${stdout}${stderr}`);
    return stdout;
  };
  const small = ["--epochs", "1", "--batch-size", "20", "--validation", "0"];
  const looked = ["--precision", "mixed", "--verify-every", "2"];
  const trained = await done("train", [...small, ...looked, "--out", run]);
  assert.match(trained, /^verified {3}step 2: all \d+ within their bounds/m);
  assert.not.match(trained, "out of bounds");

  const verified = await done("verify", [run, "--batch-size", "20"]);
  assert.match(verified, /^precision {2}mixed, as the run was trained$/m);
  assert.match(verified, "loss-scale/divide");
  assert.match(verified, /^verdict {4}all \d+ within their bounds$/m);
  assert.not.match(verified, "not covered");

  const page = join(run, "inspect.html");
  const inspected = await done("inspect", [run, "--images", "1", "--json"]);
  assert.is(JSON.parse(inspected.trimEnd().split("\n").at(-1) ?? "").outOfBounds, 0);
  const html = readFileSync(page, "utf8");
  assert.match(html, "loss-scale");
  assert.match(html, "f16");
});

test.run();
