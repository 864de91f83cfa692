// Every rung of the matrix product against float64 loops: awkward extents, both ways of storing each operand, bias,
// activations, and sums that are cut into slices.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Kernel } from "../../src/engine/core/kernel.ts";
import { ACTIVATIONS, type Activation } from "../../src/engine/ops/gemm/bias-activation.ts";
import {
  gemmKernels,
  recordGemm,
  recordGemmInto,
  recordGemmParts,
} from "../../src/engine/ops/gemm/gemm.ts";
import { invocationsOf, TILES, tileOf } from "../../src/engine/ops/gemm/tiles.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { assertClose, EXACT, f32 } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("gemm");

/** The tiled rung on its smallest tile, which compiles in a fraction of the time: every switch of its shader. */
const SMALL_TILE = "tiled 32x32/4x4/8";
const RUNGS = ["naive", SMALL_TILE, "subgroup"] as const;

interface Case {
  readonly extents: readonly [m: number, n: number, k: number];
  readonly rung?: (typeof RUNGS)[number] | "tiled";
  readonly transA?: boolean;
  readonly transB?: boolean;
  readonly hasBias?: boolean;
  readonly activation?: Activation;
  /** Small integers, whose sums float32 holds exactly. */
  readonly integers?: boolean;
  /** As if the adapter were hardware, where short products are cut into slices. */
  readonly asHardware?: boolean;
}

const ACTIVATE: Readonly<Record<Activation, (z: number) => number>> = {
  linear: (z) => z,
  relu: (z) => Math.max(0, z),
  tanh: Math.tanh,
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
};

function reference(
  testCase: Case,
  values: { a: Float32Array; b: Float32Array; bias: Float32Array },
) {
  const { extents, transA, transB, hasBias, activation = "linear" } = testCase;
  const { a, b, bias } = values;
  const [m, n, k] = extents;
  return Float64Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let z = hasBias ? (bias[j] ?? 0) : 0;
    for (let p = 0; p < k; p++) {
      z += (a[transA ? p * m + i : i * k + p] ?? 0) * (b[transB ? j * k + p : p * n + j] ?? 0);
    }
    return ACTIVATE[activation](z);
  });
}

function dataOf({ extents: [m, n, k], integers }: Case) {
  const numbers = (length: number, seed: number) =>
    Float32Array.from(randomArray(length, seed), (v) => (integers ? Math.round(v * 8) : v));
  return { a: numbers(m * k, 1), b: numbers(k * n, 2), bias: numbers(n, 3) };
}

/** A tensor whose padding beyond the last element is NaN, so that reading it shows. */
async function poisoned(shape: readonly number[], data: Float32Array, label: string) {
  const device = await gpu();
  const tensor = device.tensor(shape, label);
  const whole = new Float32Array(tensor.storage.bytes / 4).fill(Number.NaN);
  whole.set(data);
  device.write(tensor, whole);
  return tensor;
}

async function record(testCase: Case, values: ReturnType<typeof dataOf>) {
  const { extents, rung, transA = false, transB = false, hasBias, activation } = testCase;
  const [m, n, k] = extents;
  const a = await poisoned(transA ? [k, m] : [m, k], values.a, "a");
  const b = await poisoned(transB ? [n, k] : [k, n], values.b, "b");
  const bias = hasBias ? await poisoned([n], values.bias, "bias") : null;
  const { subgroupSize, isSoftware } = await gpu();
  const rec = new Recorder({
    name: "gemm",
    capabilities: { subgroupSize, isSoftware: testCase.asHardware ? false : isSoftware },
    rungs: rung ? { gemm: rung } : {},
  });
  const shared = { op: "gemm", a, b, transA, transB, bias, label: "c" };
  const c = recordGemm(rec, { ...shared, ...(activation ? { activation } : {}) });
  rec.keep(c);
  return { program: rec.finish(), c };
}

async function check(testCase: Case): Promise<{ kernels: readonly Kernel[] }> {
  const [m, n, k] = testCase.extents;
  const values = dataOf(testCase);
  const { program, c } = await record(testCase, values);
  const executable = await Executable.compile(await gpu(), program);
  executable.run();
  assertClose({
    label: JSON.stringify(testCase),
    shape: [m, n],
    actual: await executable.read(c),
    expected: reference(testCase, values),
    tolerance: testCase.integers ? EXACT : f32(k),
  });
  return { kernels: executable.dispatches.map((dispatch) => dispatch.kernel) };
}

async function rungsHere() {
  const { subgroupSize } = await gpu();
  return RUNGS.filter((rung) => rung !== "subgroup" || subgroupSize !== null);
}

const STORED = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

for (const extents of [
  [1, 1, 1],
  [3, 10, 84],
  [84, 3, 10],
  [33, 10, 1],
  [16, 64, 16],
  [17, 65, 18],
  [1, 513, 33],
  [130, 68, 20],
  [20, 36, 7],
  [12, 7, 40],
  [513, 33, 3],
] as const) {
  test(`integers are exact, ${extents.join("×")}`, async () => {
    for (const rung of await rungsHere()) {
      for (const [transA, transB] of STORED) {
        await check({ extents, rung, transA, transB, hasBias: true, integers: true });
      }
    }
  });
}

test("integers are exact on the tile that the tiled rung takes by itself", async () => {
  const shared = { rung: "tiled", hasBias: true, integers: true } as const;
  for (const [transA, transB] of STORED) {
    await check({ ...shared, extents: [130, 68, 20], transA, transB });
  }
  await check({ ...shared, extents: [17, 65, 18] });
});

for (const activation of ACTIVATIONS) {
  test(`bias and ${activation}`, async () => {
    for (const rung of await rungsHere()) {
      await check({ extents: [18, 70, 33], rung, activation, hasBias: true });
      await check({ extents: [18, 72, 32], rung, activation, hasBias: true });
      await check({ extents: [9, 20, 8], rung, activation });
    }
  });
}

test("a long sum over little output is cut into slices", async () => {
  for (const rung of await rungsHere()) {
    for (const [transA, transB] of STORED) {
      const shared = { rung, transA, transB, hasBias: true, activation: "relu" } as const;
      for (const extents of [
        [5, 10, 1031],
        [8, 12, 1024],
      ] as const) {
        const { kernels } = await check({ ...shared, extents, asHardware: true });
        assert.is(kernels.length, rung === "naive" ? 1 : 2);
      }
    }
  }
});

test("tiles of other sizes give the default's bits, also deeper ones with a rest and slices", async () => {
  const device = await gpu();
  const bitsOn = async (rung: string, [m, n, k]: readonly [number, number, number]) => {
    const [a, b] = [
      device.tensor([m, k], "a", Float32Array.from(randomArray(m * k, 4))),
      device.tensor([n, k], "b", Float32Array.from(randomArray(n * k, 5))),
    ];
    const capabilities = { subgroupSize: null, isSoftware: false };
    const rec = new Recorder({ name: "bits", capabilities, rungs: { gemm: rung } });
    const c = recordGemm(rec, { op: "gemm", a, b, transB: true, label: "c" });
    rec.keep(c);
    const executable = await Executable.compile(device, rec.finish());
    executable.run();
    return new Uint32Array((await executable.read(c)).buffer);
  };
  for (const extents of [
    [70, 33, 44],
    [5, 12, 1028],
  ] as const) {
    const expected = await bitsOn("tiled", extents);
    for (const variant of ["32x32/4x4/32", "64x64/8x8/16"]) {
      assert.equal(await bitsOn(`tiled ${variant}`, extents), expected, `${variant} ${extents}`);
    }
  }
});

interface Tall {
  readonly extents: readonly [m: number, n: number, k: number];
  readonly transA: boolean;
  /** Of k, kept apart. */
  readonly parts?: number;
  readonly asHardware?: boolean;
}

test("tall tiles give the subgroup rung's bits, also over an edge, in parts and in slices", async () => {
  const device = await gpu();
  if (device.subgroupSize === null) return;
  const bitsOn = async (rung: string, { extents, transA, parts, asHardware = false }: Tall) => {
    const [m, n, k] = extents;
    const a = device.tensor(
      transA ? [k, m] : [m, k],
      "a",
      Float32Array.from(randomArray(m * k, 4)),
    );
    const b = device.tensor([k, n], "b", Float32Array.from(randomArray(k * n, 5)));
    const capabilities = { subgroupSize: device.subgroupSize, isSoftware: !asHardware };
    const rec = new Recorder({ name: "tall", capabilities, rungs: { gemm: rung } });
    const c = rec.allocate(parts === undefined ? [m, n] : [m, parts, n], "c");
    const request = { op: "gemm", a, b, transA };
    if (parts === undefined) recordGemmInto(rec, c, { ...request, activation: "relu" });
    else recordGemmParts(rec, c, request);
    rec.keep(c);
    const executable = await Executable.compile(device, rec.finish());
    executable.run();
    return new Uint32Array((await executable.read(c)).buffer);
  };
  for (const problem of [
    { extents: [50, 68, 36], transA: false },
    { extents: [27, 64, 24], transA: false, parts: 3 },
    { extents: [8, 12, 1024], transA: false, asHardware: true },
    { extents: [36, 64, 7], transA: true },
    { extents: [64, 12, 27], transA: true, parts: 3 },
  ] satisfies readonly Tall[]) {
    const expected = await bitsOn("subgroup", problem);
    assert.ok(new Set(expected).size > expected.length / 4);
    for (const rows of problem.transA ? [32] : [25, 32]) {
      const found = await bitsOn(`subgroup ${rows}-rows`, problem);
      assert.equal(found, expected, `${rows} rows, ${JSON.stringify(problem)}`);
    }
  }
});

test("512³ by the rung that this adapter prefers", async () => {
  await check({ extents: [512, 512, 512], integers: true });
});

test("every tile has at most 256 invocations, and deals its words out evenly", () => {
  for (const tile of TILES) {
    const { name, rows, columns, threadRows, threadColumns, depth } = tile;
    const invocations = invocationsOf(tile);
    assert.ok(invocations <= 256 && invocations % 32 === 0, name);
    for (const extent of [rows, columns, threadRows, threadColumns, depth]) {
      assert.is(extent % 4, 0, name);
    }
    // What lib/product-tile.wgsl and conv2d/tiled.wgsl suppose.
    assert.is((depth * rows) % (4 * invocations), 0, name);
    assert.equal([invocations % depth, invocations % (rows / 4)], [0, 0], name);
    assert.equal(tileOf(name), tile);
  }
});

test("inner extents must agree", () => {
  const capabilities = { subgroupSize: null, isSoftware: true };
  const rec = new Recorder({ name: "shapes", capabilities });
  const [a, b] = [rec.allocate([2, 3], "a"), rec.allocate([2, 3], "b")];
  assert.throws(
    () => recordGemm(rec, { op: "dense", a, b, label: "c" }),
    "dense: a product's inner extents are equal, got 3 of (2, 3) and 2 of (2, 3)",
  );
});

test("the list of kernels has no doubles, and holds what is dispatched", async () => {
  const { subgroupSize } = await gpu();
  const keyOf = ({ label, flags, constants }: Kernel) => {
    const on = Object.keys(flags ?? {}).filter((name) => flags?.[name]);
    return `${label} ${on.sort()} ${JSON.stringify(constants ?? {})}`;
  };
  const listed = [...gemmKernels(subgroupSize)].map(keyOf);
  const known = new Set(listed);
  assert.is(known.size, listed.length);
  for (const own of await rungsHere()) {
    const rung: Case["rung"] = own === SMALL_TILE ? "tiled" : own;
    for (const [transA, transB] of STORED) {
      for (const extents of [
        [8, 12, 16],
        [7, 12, 16],
        [8, 11, 16],
        [8, 12, 15],
        [9, 70, 1025],
      ] as const) {
        const shared = { extents, transA, transB, asHardware: true };
        const testCase: Case = { ...shared, rung, activation: "tanh", hasBias: true };
        const { program } = await record(testCase, dataOf(testCase));
        for (const { kernel } of program.dispatches)
          assert.ok(known.has(keyOf(kernel)), keyOf(kernel));
      }
    }
  }
});

test.run();
