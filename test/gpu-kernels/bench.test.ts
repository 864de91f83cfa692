// The bench for GPU kernels finds the faults that it is there for, has something for every rung, and knows what makers allow.
// (It runs as a whole by `npm run test:gpu-kernels`.)

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelFrom, shaderFrom } from "../../src/engine/core/kernel.ts";
import { LADDERS } from "../../src/engine/ops/ladders.ts";
import { gpu } from "../support/gpu.ts";
import { type Fault, plantFault } from "../support/plant-fault.ts";
import { type BenchProblem, checkCase, waysOf } from "./check-case.ts";
import { NullDevice } from "./check-limits.ts";
import { gemmProblem } from "./gemm-problems.ts";
import { messageIn } from "./messages.ts";
import { Outcome } from "./outcome.ts";
import { benchCases, problemsOf } from "./problems.ts";
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

test("a missing barrier is found", async () => {
  const from = "workgroupBarrier();\n    k += DEPTH;";
  const found = await faultsOf("tiled", { from, to: "\n    k += DEPTH;" });
  assert.match(found, /^c \(67,68\): \d+ of 4556 elements differ/);
});

test("a wrong stride of columns is found", async () => {
  const from = "right_tile[at.y * RIGHT_STRIDE + at.x]";
  const to = "right_tile[at.y * (RIGHT_STRIDE - 1u) + at.x]";
  const found = await faultsOf("tiled", { from, to });
  assert.match(found, /elements differ/);
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

/** Each in one kernel of the rung, and what is said of it; null is what is said without a fault. */
const FAULTS_OF_RUNGS: readonly (readonly [
  ladder: string,
  rung: string,
  fault: Fault | null,
  said: RegExp,
])[] = [
  ["gemm", "subgroup 25-rows", null, /^$/],
  [
    "gemm",
    "subgroup 25-rows",
    { kernel: "gemm/subgroup/multiply_tall", from: "4u * FIFTH, half", to: "3u * FIFTH, half" },
    /elements differ/,
  ],
  ["conv2d.forward", "winograd4", null, /^$/],
  [
    "conv2d.forward",
    "winograd4",
    { kernel: "conv2d/winograd4/transform_output", from: "P * (m[1]", to: "Q * (m[1]" },
    /^y .*elements differ/,
  ],
  [
    "conv2d.forward",
    "winograd4",
    { kernel: "conv2d/winograd4/transform_output", from: " || column >= params.ow", to: "" },
    /elements differ|was written/,
  ],
  [
    "conv2d.dx",
    "winograd4",
    { kernel: "conv2d/winograd4/transform_weights", from: "2u - across", to: "across" },
    /^dx .*elements differ/,
  ],
  [
    "conv2d.dw",
    "winograd4",
    {
      kernel: "conv2d/winograd4/transform_gradient",
      from: "Q * (d[1] + 2.0",
      to: "Q * (d[1] - 2.0",
    },
    /^dw .*elements differ/,
  ],
  ["conv2d.forward", "toeplitz", null, /^$/],
  [
    "conv2d.forward",
    "toeplitz",
    {
      kernel: "conv2d/toeplitz/transform_output",
      from: "put(starts.y, 1u",
      to: "put(starts.y, 2u",
    },
    /elements differ|was written/,
  ],
  [
    "conv2d.dx",
    "toeplitz",
    { kernel: "conv2d/toeplitz/transform_weights", from: "2u - across", to: "across" },
    /^dx .*elements differ/,
  ],
  [
    "conv2d.dw",
    "toeplitz",
    { kernel: "conv2d/toeplitz/transform_products", from: "m[0] - m[1]", to: "m[0] + m[1]" },
    /^dw .*elements differ/,
  ],
  ["conv2d.dw", "sliding", null, /^$/],
  [
    "conv2d.dw",
    "sliding",
    { kernel: "conv2d/dw-sliding/sum_windows", from: "e % SUBGROUP);", to: "0u);" },
    /^dw .*elements differ/,
  ],
  [
    "conv2d.dw",
    "sliding",
    { kernel: "conv2d/dw-sliding/sum_windows", from: "i < params.i && k", to: "k" },
    /elements differ|was written/,
  ],
  ["grouped-conv2d.forward", "sliding", null, /^$/],
  [
    "grouped-conv2d.forward",
    "sliding",
    {
      kernel: "conv2d/sliding/forward",
      from: "sums[i] = sums[i + TILE]",
      to: "sums[i] = sums[i]",
    },
    /^y .*elements differ/,
  ],
  [
    "grouped-conv2d.forward",
    "sliding",
    { kernel: "conv2d/sliding/forward", from: "row >= place.row && row < end", to: "true" },
    /elements differ|was written/,
  ],
  [
    "grouped-conv2d.dx",
    "sliding",
    {
      kernel: "conv2d/sliding/input_gradient",
      from: "if (column < params.w) { dx",
      to: "if (column <= params.w) { dx",
    },
    /elements differ|was written/,
  ],
  [
    "grouped-conv2d.dw",
    "sliding",
    {
      kernel: "conv2d/sliding/weight_gradient",
      from: "step < end && column",
      to: "column",
    },
    /^dw .*elements differ/,
  ],
];

for (const [ladder, rung, fault, said] of FAULTS_OF_RUNGS) {
  test(`${ladder} on ${rung}, ${fault ? `"${fault.to}" for "${fault.from}"` : "as it is"}`, async () => {
    const device = await gpu();
    const capabilities = { subgroupSize: device.subgroupSize, isSoftware: false };
    const fits = (one: BenchProblem) => {
      const { rungs, variants } = waysOf(one, ladder, capabilities);
      return [...rungs, ...variants].includes(rung);
    };
    const problem = problemsOf(ladder, false).find(fits);
    if (!problem) throw new Error(`no problem for ${rung}`);
    const { faults } = await checkCase({
      ...{ device, problem, capabilities, rungs: { [ladder]: rung } },
      alter: (program) => (fault ? plantFault(program, fault) : program),
    });
    assert.match(faults.join("\n"), said);
  });
}

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
