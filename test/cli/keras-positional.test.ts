// A Keras file in place of a run, as processes: summary and evaluate, with data of a program and --top-k.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { startCommand } from "./start-command.ts";

const test = suite("Keras files in the line");
const NET = fileURLToPath(new URL("../fixtures/step-rates/piecewise.keras", import.meta.url));

async function run(name: string, ...args: string[]) {
  const command = startCommand(name, args);
  const code = await command.ended;
  return { code, out: command.stdout(), err: command.stderr() };
}

test("summary takes a file in place of --model, and refuses both, or what is none", async () => {
  const { code, out } = await run("summary", NET);
  assert.is(code, 0);
  assert.match(out, "Total params: 51 (204.00 B)");
  const both = await run("summary", NET, "--model", "lenet5");
  assert.is(both.code, 2);
  assert.match(both.err, /^error: --model: must not be there beside .*piecewise.keras, got lenet5/);
  const name = await run("summary", "lenet5");
  assert.is(name.code, 2);
  assert.match(name.err, /^error: FILE: must be .*, got lenet5\nhelp: .*--model lenet5/);
});

test("evaluate scores a file on a program's data, by the k likeliest", async () => {
  const data = join(temporaryFolder(), "tiny.mjs");
  const rows =
    "x: Uint8Array.from({ length: 96 }, (_, i) => (i * 37) % 256), y: [0, 1, 2, 0, 1, 2]";
  writeFileSync(data, `export const train = { ${rows}, shape: [4, 4] }, test = train;`);
  const tops = await Promise.all(
    [1, 3].map(async (k) => {
      const asked = ["--set", "train", "--top-k", String(k), "--keep-duplicates", "--json"];
      const { code, out, err } = await run("evaluate", NET, "--data", data, ...asked);
      assert.is(code, 0, err);
      assert.match(err, `top-${k} accuracy`);
      return JSON.parse(out);
    }),
  );
  const [first, all] = tops;
  assert.equal(first.topK, { k: 1, accuracy: first.accuracy });
  assert.equal(all.topK, { k: 3, accuracy: 1 });
  assert.ok(first.accuracy < 1);
});

test.run();
