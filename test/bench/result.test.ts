// Results of the bench: what is written reads back, early ones are read too, and anything else is refused by name.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { machineLine, machineOf } from "../../bench/sitting/machine.ts";
import { loadResult, readResult } from "../../bench/sitting/result.ts";
import { spreadOf } from "../../src/inspect/profile/statistics.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { SOFTWARE, sampleResult } from "./sample-results.ts";

const test = suite("bench: results");

const RESULTS = fileURLToPath(new URL("../../bench/results", import.meta.url));

test("what is written reads back, also behind the lines of npm", async () => {
  const path = join(temporaryFolder(), "result.json");
  const text = JSON.stringify(sampleResult());
  for (const before of ["", "\n> vitrine@0.1.0 bench\n> node launch.mjs bench\n\n"]) {
    writeFileSync(path, `${before}${text}\n`);
    const found = await loadResult(path);
    assert.equal([found.adapter, found.isSoftware, found.isNoisy], [SOFTWARE, true, false]);
    assert.equal([found.day, found.gflops], ["2026-11-26", 64]);
    const named = found.cases.map(({ name, variant, ms }) => [name, variant, ms.median]);
    assert.equal(named, [
      ["conv2 dx", "naive", 12],
      ["conv2 dx", "subgroup", 0.6],
      ["pool1 max dx", null, 0.24],
      ["train step lenet5 batch 50", null, 6],
    ]);
    for (const { ms } of found.cases) assert.ok(Math.abs(spreadOf(ms) - 0.04) < 1e-9);
  }
});

test("the choice of kernels is written with both times of each problem and of the step, and read over", () => {
  const chosen = { rung: "tiled", ordered: "naive", ms: { naive: 2, tiled: 1 }, refused: [] };
  const kept = { rung: "naive", ordered: "naive", ms: { naive: 1, tiled: 2 }, refused: ["wrong"] };
  const problems = new Map([
    ["gemm x", chosen],
    ["gemm y", kept],
  ]);
  const step = { order: 6, measured: 5.5 };
  const text = JSON.stringify(sampleResult({ choice: { problems, step } }));
  const written = JSON.parse(text);
  assert.equal(written.choice, { step, problems: { "gemm x": chosen, "gemm y": kept } });
  const { cases } = readResult(written, "f.json");
  assert.equal(cases, readResult(JSON.parse(JSON.stringify(sampleResult())), "f.json").cases);
});

test("those of early versions are read, their quartiles estimated from the 90th percentile", async () => {
  const names = readdirSync(RESULTS).filter((name) => /llvmpipe(-backbones)?\.json$/.test(name));
  assert.is(names.length, 2);
  for (const name of names) {
    const found = await loadResult(join(RESULTS, name));
    assert.is(found.day, "2026-11-22");
    assert.ok(found.cases.length >= 69);
    for (const { ms } of found.cases) {
      assert.ok(ms.lower <= ms.median && ms.median <= ms.upper, `${name}: ${JSON.stringify(ms)}`);
    }
  }
});

test("what is no result is refused with what is wrong", async () => {
  const ours = sampleResult();
  const [kernel] = ours["kernels"] as readonly { readonly [key: string]: string }[];
  const changed = (changes: object) => ({ ...ours, ...changes });
  for (const [value, message] of [
    [[ours], /^f\.json: must be a result of the bench, got a list$/],
    [null, /must be a result of the bench, got something else/],
    [{ format: "vitrine-profile", adapter: "x" }, /must be a result of the bench/],
    [changed({ format: 3 }), /was written by a newer Vitrine, got format 3, this one reads 2/],
    [changed({ adapter: 7 }), /adapter must be text, got 7/],
    [changed({ trainStep: {} }), /trainStep must be a list, got an object/],
    [changed({ kernels: [{ ...kernel, ms: -1 }] }), /kernels\.0\.ms must be at least 0, got -1/],
    [
      changed({ kernels: [{ ...kernel, shape: null }] }),
      /kernels\.0\.shape must be text, got null/,
    ],
    [changed({ date: "yesterday" }), /date must be a date as ISO 8601 has it, got "yesterday"/],
  ] as const) {
    assert.throws(() => readResult(value, "f.json"), message);
  }
  const path = join(temporaryFolder(), "x.json");
  writeFileSync(path, readFileSync(join(RESULTS, "2026-11-22-llvmpipe.txt")));
  await loadResult(path).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /x\.json: must be JSON, got \d+ characters/),
  );
});

const STEADY = { median: 5, lower: 4.9, upper: 5.1 };
const QUIET = {
  spreads: [0.02, 0.05, 0.5],
  spin: { start: STEADY, end: STEADY },
  load: { start: 0.3, end: 2.2 },
  cores: 2,
};

test("a machine is noisy where samples or a fixed loop vary, and says so in one line", () => {
  const quiet = machineOf(QUIET);
  assert.is(quiet.noisy, false);
  assert.is(machineLine(quiet), "machine    quiet: samples spread over 5 %, load 0.3 on 2 cores");
  const lines = [
    { ...QUIET, spreads: [0.02, 0.35, 0.5] },
    { ...QUIET, spin: { start: STEADY, end: { median: 9, lower: 8.9, upper: 9.1 } } },
    { ...QUIET, spin: { start: { ...STEADY, upper: 8 }, end: STEADY }, load: null },
  ].map((observed) => {
    const machine = machineOf(observed);
    assert.ok(machine.noisy);
    return machineLine(machine);
  });
  assert.equal(lines, [
    "warning    too noisy to believe: samples spread over 35 %, load 0.3 on 2 cores",
    "warning    too noisy to believe: a fixed loop drifts by 80 %, load 0.3 on 2 cores",
    "warning    too noisy to believe: a fixed loop varies by 62 %",
  ]);
});

test("the load alone accuses nobody, and no case has no spread", () => {
  const loaded = machineOf({ ...QUIET, spreads: [], load: { start: 12, end: 12 } });
  assert.equal([loaded.noisy, loaded.spread], [false, null]);
  assert.is(
    machineLine(loaded),
    "machine    quiet: a fixed loop drifts by 0 %, load 12.0 on 2 cores",
  );
});

test.run();
