// The rung that a ladder takes: asked for by name, from the device's table, or by the order.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { RungTable } from "../../src/engine/core/rung-table.ts";
import { recordGemm } from "../../src/engine/ops/gemm/gemm.ts";
import { keyOfSolution } from "../../src/engine/ops/ladders.ts";
import type { Solution } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";

const KEY = "gemm 3 × 5 · 5 × 4, b transposed, relu";

/** What a product of these extents, recorded without a device, is solved on. */
function solutionWith(rungTable?: RungTable, rungs: Readonly<Record<string, string>> = {}) {
  const capabilities = {
    subgroupSize: null,
    isSoftware: true,
    ...(rungTable ? { rungTable } : {}),
  };
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
