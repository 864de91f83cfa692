// The bench for GPU kernels finds the faults that it is there for, has something for every rung, and knows what makers allow.
// (It runs as a whole by `npm run test:gpu-kernels`.)

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelFrom, shaderFrom } from "../../src/engine/core/kernel.ts";
import { LADDERS } from "../../src/engine/ops/ladders.ts";
import { gpu } from "../support/gpu.ts";
import { type Fault, plantFault } from "../support/plant-fault.ts";
import { checkCase } from "./check-case.ts";
import { NullDevice } from "./check-limits.ts";
import { gemmProblem } from "./gemm-problems.ts";
import { messageIn } from "./messages.ts";
import { Outcome } from "./outcome.ts";
import { isForHalves, labelOf, missedFault, PLANTED_FAULTS } from "./planted-faults.ts";
import { benchCases, FOR_HALVES, problemsOf } from "./problems.ts";
import { PROFILES } from "./profiles.ts";

const test = suite("gpu-kernels");

/** What an adapter's subgroups multiply, so that the rungs are there that ask for it. */
const MATRIX = { rows: 8, columns: 8, depth: 8 };
const matrices = { f16: MATRIX, f32: null };
const PRODUCT = { m: 67, n: 68, k: 37, transA: false, transB: false };

/** What the bench says of a product on a rung with this fault in it; without one, where none is given. */
async function faultsOf(rung: string, fault: Omit<Fault, "kernel"> | null) {
  const device = await gpu();
  const { faults } = await checkCase({
    device,
    problem: gemmProblem(PRODUCT, "linear", false),
    capabilities: { subgroupSize: device.subgroupSize, isSoftware: false },
    rungs: { gemm: rung },
    alter: (program) =>
      fault ? plantFault(program, { kernel: `gemm/${rung}/multiply`, ...fault }) : program,
  });
  return faults.join("\n");
}

test("a kernel without a fault passes", async () => {
  assert.is(await faultsOf("naive", null), "");
  assert.is(await faultsOf("tiled", null), "");
});

const GUARD = "if (i >= params.m * params.n) { return; }";

test("a missing guard at the tail is found", async () => {
  const found = await faultsOf("naive", { from: GUARD, to: "" });
  assert.is(found, "c (67,68) was written 1 behind the last of its elements");
});

test("a row that is written beyond the last, and one that is not written, are found", async () => {
  const beyond = await faultsOf("naive", {
    from: GUARD,
    to: GUARD.replace("params.m", "(params.m + 1u)"),
  });
  assert.is(beyond, "c (67,68) was written 1 behind the last of its elements");
  const short = await faultsOf("naive", {
    from: GUARD,
    to: GUARD.replace("params.m", "(params.m - 1u)"),
  });
  assert.match(short, "c (67,68): 68 of 4556 elements differ, [4488] is NaN");
});

test("a row that is read beyond the last is found", async () => {
  const found = await faultsOf("naive", { from: "b[at_b]", to: "b[at_b + params.n]" });
  assert.match(found, /is NaN/);
});

for (const planted of PLANTED_FAULTS.filter((one) => !isForHalves(one))) {
  test(`${labelOf(planted)}, is found`, async () => {
    const device = await gpu();
    const capabilities = { subgroupSize: device.subgroupSize, isSoftware: false };
    assert.is(await missedFault(planted, { device, capabilities }), null);
  });
}

test("what changes nothing, or does not compile, counts as missed", async () => {
  const device = await gpu();
  const on = { device, capabilities: { subgroupSize: device.subgroupSize, isSoftware: false } };
  const from = "right_tile[at.y * RIGHT_STRIDE + at.x]";
  const missed = (to: string) => {
    const fault = { kernel: "gemm/tiled/multiply", from, to };
    return missedFault({ ladder: "gemm", rung: "tiled", fault }, on);
  };
  assert.is(await missed("right_tile[at.x + at.y * RIGHT_STRIDE]"), "not found: nothing was said");
  assert.match(
    (await missed("right_tile[at.x + nothing]")) ?? "",
    /^not found: .*does not compile/,
  );
});

test("both rungs of the tiled shaders have a barrier, a stride and a tail planted", () => {
  for (const { name, rungs } of LADDERS) {
    for (const rung of rungs.filter((one) => ["tiled", FOR_HALVES].includes(one.name))) {
      const planted = PLANTED_FAULTS.filter((one) => one.ladder === name && one.rung === rung.name);
      assert.is(planted.length, 3, `${name} ${rung.name}`);
    }
  }
});

test("every rung of every ladder has problems, also in the short run", () => {
  for (const isShort of [true, false]) {
    const capabilities = { subgroupSize: 8, isSoftware: false, matrices };
    const cases = benchCases({ capabilities, isShort });
    const tried = new Set(cases.map(({ subject, rung }) => `${subject} ${rung}`));
    for (const { name, rungs } of LADDERS) {
      for (const rung of rungs)
        assert.ok(tried.has(`${name} ${rung.name}`), `${name} ${rung.name}`);
    }
  }
  assert.throws(() => problemsOf("conv3d", true), /every ladder has problems, got none for conv3d/);
});

test("the long run has every variant, and between its three kinds of adapters the short one most", () => {
  const tried = (isShort: boolean) => {
    const cases = [4, 8, 16].flatMap((subgroupSize) =>
      benchCases({ capabilities: { subgroupSize, isSoftware: false, matrices }, isShort }),
    );
    const names = cases.map(({ subject, rung }) => `${subject} ${rung}`);
    return new Set(names.filter((name) => name.split(" ").length > 2));
  };
  const all = LADDERS.flatMap(({ name, rungs }) =>
    rungs.flatMap((rung) => (rung.variants ?? []).map((one) => `${name} ${rung.name} ${one.name}`)),
  );
  // What a product's rung records by itself is no variant of it.
  const others = all.filter((name) => name !== "gemm tiled 64x64/4x4/16");
  assert.equal([...tried(false)].sort(), [...others].sort());
  assert.ok(tried(true).size > others.length / 2, `${tried(true).size} of ${others.length}`);
});

test("a kernel is held against what a maker's adapters allow", async () => {
  const device = await NullDevice.open();
  const complaints = async (floats: number, invocations: number) => {
    const text = `var<workgroup> tile: array<f32, ${floats}>;
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(${invocations})
fn main() { tile[0] = 1; workgroupBarrier(); y[0] = tile[0]; }
`;
    const kernel = kernelFrom(shaderFrom("large", text), "main");
    const found: string[] = [];
    for (const profile of PROFILES) {
      if (await device.complaintOf(kernel, { profile, subgroupSize: null }))
        found.push(profile.name);
    }
    return found.join(" ");
  };
  assert.is(await complaints(4096, 256), "");
  assert.is(await complaints(4097, 64), "defaults");
  assert.is(await complaints(8193, 1024), "apple adreno mali defaults");
  assert.is(await complaints(16, 513), "mali defaults");
});

test("tables show what passed, and faults and skipped adapters are counted", () => {
  const outcome = new Outcome();
  const result = { bench: "result", label: "1×1", tried: 1, faults: [] } as const;
  outcome.take("8 lanes", { ...result, row: "gemm tiled" });
  outcome.take("8 lanes", {
    ...result,
    row: "gemm tiled",
    faults: ["wrong", "and written beyond"],
  });
  outcome.take("4 lanes", { ...result, row: "gemm naive" });
  outcome.takeEnd("4 lanes", "ended with SIGSEGV");
  assert.equal(outcome.table(["8 lanes", "4 lanes"]), [
    "              8 lanes    4 lanes",
    "gemm tiled   1 of 2 ✗          –",
    "gemm naive          –          1",
    "process             –   0 of 1 ✗",
  ]);
  assert.equal([outcome.passed, outcome.failed], [2, 2]);
  assert.is(messageIn("Warning: a driver says something"), null);
});

test.run();
