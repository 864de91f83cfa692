// Every example runs as the README says, from the source, and comes to what it is an example of.

import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify, stripVTControlCharacters } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "./data/sample-files.ts";

const test = suite("examples");
const FOLDER = fileURLToPath(new URL("../examples", import.meta.url));
const LAUNCH = fileURLToPath(new URL("../src/setup/launch.mjs", import.meta.url));

/** Figures that each prints, and the least that they may be. */
const LEAST: Readonly<Record<string, number>> = {
  "own-model": 0.7,
  "own-op": 0.7,
  "fused-op": 0.7,
  "own-optimizer": 0.6,
  "own-callback": 0.9,
  "own-data": 0.6,
  residual: 0.4,
  transfer: 0.9,
  "k-fold": 0.6,
  recording: 0,
  "look-inside": 0,
  autoencoder: 0,
};

async function outputOf(name: string, cwd: string, ...args: string[]): Promise<string> {
  const file = join(FOLDER, `${name}.ts`);
  const run = promisify(execFile)(process.execPath, [LAUNCH, "run", file, ...args], { cwd });
  // Where colours are forced, numbers have some.
  return stripVTControlCharacters((await run).stdout);
}

test("none is missing here, and all have fewer than 60 lines", () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".ts") && name !== "shapes.ts");
  assert.equal(
    names.sort(),
    Object.keys(LEAST)
      .map((name) => `${name}.ts`)
      .sort(),
  );
  for (const name of names) {
    const lines = readFileSync(join(FOLDER, name), "utf8").trimEnd().split("\n").length;
    assert.ok(lines < 60, `${name} has ${lines} lines`);
  }
});

for (const [name, least] of Object.entries(LEAST)) {
  test(name, async () => {
    const folder = temporaryFolder();
    const text = await outputOf(name, folder);
    if (least > 0) {
      const accuracy = Number([...text.matchAll(/accuracy (\d[\d.]*)/g)].at(-1)?.[1]);
      assert.ok(accuracy >= least, `${name}: ${accuracy}`);
    }
    if (name === "own-model") assert.ok(existsSync(join(folder, "shapes.safetensors")));
    if (name === "own-data") {
      const figure = (label: string) => Number(text.match(new RegExp(`${label} (\\d.*)`))?.[1]);
      const accuracy = Number(text.match(/accuracy (\d.*)/)?.[1]);
      assert.ok(figure("top 2") > accuracy, text);
      assert.ok(figure("macro F1") > 0.5 && figure("macro AUC") > 0.8, text);
    }
    if (name === "transfer") assert.match(text, /base unchanged: true/);
    if (name === "autoencoder") {
      assert.ok(Number(text.match(/fallen by (\d\.\d+)/)?.[1]) >= 0.6, text);
    }
    if (name === "look-inside") {
      assert.match(text, /%.* leaky_re_lu +→ forward/);
      assert.match(text, /^right: true, in \d\d comparisons$/m);
      assert.match(text, /^nothing to hold it against: .*leaky-relu\/forward$/m);
      assert.match(text, /^epoch 1, step \d+:\n.* made .* from finite numbers$/m);
      const trace = JSON.parse(readFileSync(join(folder, "step.json"), "utf8"));
      assert.ok(trace.traceEvents.length > 20);
      assert.match(readFileSync(join(folder, "roofline.svg"), "utf8"), /^<svg/);
      const page = readFileSync(join(folder, "step.html"), "utf8");
      assert.match(page, /^<!doctype html>/i);
      assert.match(page, "leaky-relu/backward");
    }
    if (name === "recording") assert.match(text, /conv2d backward +\d+\.\d %/);
  });
}

test.run();
