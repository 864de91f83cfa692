// Grades an answer to the exercise `leaky-relu` of docs/learn/08-exercises.md: the file that LEAKY_RELU names, from the root of
// the project; without it, our own.
//   LEAKY_RELU=src/engine/ops/leaky-relu.ts npm test -- "learn/grade"

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CHECKS, loadAnswer } from "./leaky-relu-grader.ts";

const ROOT = new URL("../../", import.meta.url);
const file = process.env["LEAKY_RELU"] || "docs/learn/solutions/leaky-relu.ts";
const url = new URL(file, ROOT);

const test = suite(`learn: ${file}`);

test("there is such a file, and it exports what is asked for", async () => {
  assert.ok(existsSync(fileURLToPath(url)), `LEAKY_RELU names a file from ${fileURLToPath(ROOT)}`);
  await loadAnswer(url.href);
});

const checks = existsSync(fileURLToPath(url)) ? CHECKS : [];
for (const { name, run } of checks) test(name, async () => run(await loadAnswer(url.href)));

test.run();
