// The rung that a ladder takes: asked for by name, from the device's table, or by the order.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { RungTable } from "../../src/engine/core/rung-table.ts";
import { recordGemm } from "../../src/engine/ops/gemm/gemm.ts";
import { keyOfSolution, variantsOf } from "../../src/engine/ops/ladders.ts";
import type { Capabilities, Solution } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";

const KEY = "gemm 3 × 5 · 5 × 4, b transposed, relu";

/** What a product of these extents, recorded without a device, is solved on. */
function solutionWith(
  rungTable?: RungTable,
  rungs: Readonly<Record<string, string>> = {},
  given: Capabilities = { subgroupSize: null, isSoftware: true },
) {
  const capabilities = { ...given, ...(rungTable ? { rungTable } : {}) };
  const rec = new Recorder({ name: "table", capabilities, rungs });
  const [a, b] = [rec.allocate([3, 5], "a"), rec.allocate([4, 5], "b")];
  recordGemm(rec, { op: "dense", a, b, transB: true, activation: "relu", label: "c" });
  const [solution] = rec.finish().solutions;
  if (!solution) throw new Error("nothing was solved");
  return solution;
}

test("the table's rung comes before the order's, and one that was asked for before both", () => {
  const table = () => new RungTable(new Map([[KEY, "tiled"]]));
  const taken = ({ rung, isAsked, isMeasured }: Solution) => ({ rung, isAsked, isMeasured });
  assert.equal(keyOfSolution(solutionWith()), KEY);
  assert.equal(taken(solutionWith()), { rung: "naive", isAsked: false, isMeasured: false });
  assert.equal(taken(solutionWith(table())), { rung: "tiled", isAsked: false, isMeasured: true });
  const asked = taken(solutionWith(table(), { gemm: "naive" }));
  assert.equal(asked, { rung: "naive", isAsked: true, isMeasured: false });
});

test("a rung that does not fit, or a problem that the table lacks, is left to the order", () => {
  for (const [key, rung] of [
    [KEY, "subgroup"],
    [KEY, "no such rung"],
    ["gemm 3 × 5 · 5 × 4", "tiled"],
  ] as const) {
    const solution = solutionWith(new RungTable(new Map([[key, rung]])));
    assert.is(solution.rung, "naive");
    assert.not(solution.isMeasured);
  }
});

test("a rung's variant is taken where the table or a name says so, and never where it does not fit", () => {
  const variant = "tiled 128x128/8x8/16";
  const table = () => new RungTable(new Map([[KEY, variant]]));
  const measured = solutionWith(table());
  assert.equal([measured.rung, measured.isMeasured], [variant, true]);
  assert.equal(measured.fitting, ["naive", "tiled"]);
  assert.is(solutionWith(undefined, { gemm: "tiled 32x32/4x4/8" }).rung, "tiled 32x32/4x4/8");
  // 16.5 KiB of workgroup memory are more than WebGPU's defaults.
  const small = { subgroupSize: null, isSoftware: true, maxComputeWorkgroupStorageSize: 16_384 };
  const onSmall = solutionWith(table(), {}, small);
  assert.equal([onSmall.rung, onSmall.isMeasured], ["naive", false]);
  assert.throws(
    () => solutionWith(undefined, { gemm: variant }, small),
    "gemm: no rung tiled 128x128/8x8/16 for this problem, got naive, tiled",
  );
  assert.not(variantsOf(measured, small).includes(variant));
  assert.ok(
    variantsOf(measured, { ...small, maxComputeWorkgroupStorageSize: 32_768 }).includes(variant),
  );
  // Of a result of 3 × 4 they would compute four times as much.
  assert.equal(
    variantsOf(measured, small, { onlySuiting: true }).includes("tiled 128x128/8x8/8"),
    false,
  );
});

test("the table knows what was taken, whoever chose, and not what was asked for by name", () => {
  const table = new RungTable();
  solutionWith(table);
  assert.equal([...table.taken], [[KEY, "naive"]]);
  const again = new RungTable(table.taken);
  assert.is(solutionWith(again).isMeasured, true);
  const untouched = new RungTable();
  solutionWith(untouched, { gemm: "tiled" });
  assert.equal([...untouched.taken], []);
});

test.run();
