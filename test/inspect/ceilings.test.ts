// Ceilings are above every figure that is reported beside them, those of the bench's kernels included; and what follows from
// them by arithmetic.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sizeOf } from "../../src/engine/core/shape.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import {
  bandwidthEnds,
  bandwidthFor,
  type Ceilings,
} from "../../src/inspect/profile/bandwidths.ts";
import { bestOf, measureCeilings } from "../../src/inspect/profile/ceilings.ts";
import { timeProgram } from "../../src/inspect/profile/time-program.ts";
import { shareOfCeiling } from "../../src/inspect/profile/work.ts";
import { makeInputs } from "../../src/inspect/timing/bench-case.ts";
import { benchCases } from "../../src/inspect/timing/cases.ts";
import { gpu } from "../support/gpu.ts";

const test = suite("ceilings");

const MADE_UP: Ceilings = {
  gflops: 100,
  bandwidths: [
    { traffic: "read", bytes: 1000, gbs: 20 },
    { traffic: "copy", bytes: 1000, gbs: 30 },
    { traffic: "read", bytes: 10_000, gbs: 25 },
    { traffic: "copy", bytes: 100_000, gbs: 8 },
  ],
  launchMs: 0.01,
};

test("a working set has the best rate of its size or beyond", () => {
  for (const [bytes, gbs] of [
    [1, 30],
    [1000, 30],
    [9999, 30],
    [10_000, 25],
    [99_999, 25],
    [100_000, 8],
    [1e9, 8],
  ] as const) {
    assert.is(bandwidthFor(MADE_UP, bytes), gbs, `${bytes} bytes`);
  }
  assert.equal(bandwidthEnds(MADE_UP), { cache: 30, memory: 8 });
});

test("the best of two measurements, figure by figure", () => {
  const [read, ...others] = MADE_UP.bandwidths;
  if (!read) throw new Error("none");
  const other = { gflops: 90, bandwidths: [{ ...read, gbs: 21 }, ...others], launchMs: 0.02 };
  const best = bestOf(MADE_UP, other);
  assert.is(best.gflops, 100);
  assert.is(best.launchMs, 0.01);
  assert.equal(
    best.bandwidths.map(({ gbs }) => gbs),
    [21, 30, 25, 8],
  );
});

/** Rungs that are worth measuring: the naive and the tiled one are far below every ceiling. */
const FAST = ["implicit", "gemm", "subgroup", "only"];
/** Larger inputs take seconds to draw. */
const MOST_ELEMENTS = 2 ** 18;

test("no kernel of the bench exceeds its ceiling", async () => {
  const device = await gpu();
  let ceilings = await measureCeilings(device);
  const measured: {
    readonly name: string;
    readonly shareAt: (ceilings: Ceilings) => number;
  }[] = [];
  for (const benchCase of benchCases()) {
    const elements = Object.values(benchCase.inputs).map(sizeOf);
    const fast = benchCase.variants.filter((variant) => FAST.includes(variant));
    if (fast.length === 0 || Math.max(...elements) > MOST_ELEMENTS) continue;
    const scope = device.scope();
    const rec = new Recorder({ name: benchCase.name, capabilities: device });
    rec.keep(benchCase.build(rec, makeInputs(scope, benchCase.inputs)));
    const executable = await Executable.compile(scope, rec.finish());
    const { median } = await timeProgram(scope, executable, { samples: 5, sampleMs: 4 });
    const { dispatches } = executable;
    const shareAt = (own: Ceilings) => shareOfCeiling(dispatches, median, own);
    measured.push({ name: benchCase.name, shareAt });
    scope.destroy();
  }
  // A neighbour that has left in between would have made the first measurement too low for the kernels.
  ceilings = bestOf(ceilings, await measureCeilings(device));
  assert.ok(measured.length > 30, `${measured.length} cases`);
  for (const { name, shareAt } of measured) {
    const share = shareAt(ceilings);
    assert.ok(share > 0 && share <= 1, `${name}: ${(100 * share).toFixed(0)} % of its ceiling`);
  }
});

test.run();
