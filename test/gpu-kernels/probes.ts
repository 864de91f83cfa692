// What newer kernels will stand on, tried by itself where the adapter offers it: arithmetic in f16, and products of matrices that a
// subgroup holds together (chromium-experimental-subgroup-matrix), of every shape that the adapter lists.

import type { Device } from "../../src/engine/core/device.ts";
import { type Kernel, kernelFrom, shaderFrom } from "../../src/engine/core/kernel.ts";
import { SUBGROUP_MATRIX } from "../../src/engine/core/subgroups.ts";
import type { BenchProblem, Room } from "./check-case.ts";
import { integers, once } from "./integers.ts";
import { product } from "./loops.ts";

/** Asked of an adapter beside what today's kernels use. */
export const PROBED_FEATURES: readonly string[] = ["shader-f16", SUBGROUP_MATRIX];
/** llvmpipe lists matrices for subgroups of 16 too, and crashes when it compiles them. */
const MOST_LANES = 8;

export interface Probe {
  readonly subject: string;
  readonly problem: BenchProblem;
}

/** A shape that an adapter lists: left (M, K), right (K, N). */
export interface MatrixShape {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly componentType: string;
  readonly resultComponentType: string;
}

/** The probes of what this device offers. */
export function probesFor({ handle, info, subgroupSize }: Device): readonly Probe[] {
  const has = (name: string) => (handle.features as ReadonlySet<string>).has(name);
  const probes: Probe[] = [];
  if (has("shader-f16")) probes.push({ subject: "f16", problem: HALVES });
  if (!has("shader-f16") || !has(SUBGROUP_MATRIX) || (subgroupSize ?? 99) > MOST_LANES)
    return probes;
  for (const shape of matrixShapes(info)) {
    probes.push({ subject: "subgroup-matrix", problem: matrixProblem(shape, subgroupSize ?? 1) });
  }
  return probes;
}

/** The floating-point shapes among those that the adapter lists. */
export function matrixShapes(info: GPUAdapterInfo): readonly MatrixShape[] {
  const { subgroupMatrixConfigs = [] } = info as { subgroupMatrixConfigs?: Iterable<MatrixShape> };
  // Dawn's objects have these as getters, which copies leave behind.
  return [...subgroupMatrixConfigs].flatMap(({ M, N, K, componentType, resultComponentType }) =>
    /^f(16|32)$/.test(componentType) ? [{ M, N, K, componentType, resultComponentType }] : [],
  );
}

const COUNT = 131;

const HALVES: BenchProblem = (() => {
  const x = once(() => integers([COUNT], 1));
  const values = once(() => Float64Array.from(x(), (value) => 3 * value + 0.5));
  const shader = shaderFrom(
    "probe-f16",
    `enable f16;
struct Params { count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.count) { return; }
  y[id.x] = f32(f16(x[id.x]) * 3.0h + 0.5h);
}
`,
  );
  return {
    label: `3x + ½ of ${COUNT}`,
    record: (rec, room) => {
      const y = room.tensor([COUNT], "y");
      rec.dispatch({
        op: "probe",
        kernel: kernelFrom(shader, "main"),
        grid: [Math.ceil(COUNT / 64), 1, 1],
        bind: { x: room.tensor([COUNT], "x", x), y },
        params: { count: COUNT },
      });
      return [{ tensor: y, values }];
    },
  };
})();

/** Two products in a row, added up: as the loop of a matrix product does. */
function matrixProblem({ M, N, K, ...types }: MatrixShape, lanes: number): BenchProblem {
  const { componentType: from, resultComponentType: to } = types;
  const [a, b] = [once(() => integers([M, 2 * K], 1)), once(() => integers([2 * K, N], 2))];
  const extents = { m: M, n: N, k: 2 * K, transA: false, transB: false };
  const kernel = matrixKernel({ M, N, K, ...types }, lanes);
  return {
    label: `${M}×${N}×${K} ${from}→${to}`,
    record: (rec, room: Room) => {
      const c = room.tensor([M, N], "c");
      rec.dispatch({
        op: "probe",
        kernel,
        grid: [1, 1, 1],
        bind: { a: room.tensor([M, 2 * K], "a", a), b: room.tensor([2 * K, N], "b", b), c },
      });
      return [{ tensor: c, values: once(() => product(extents, a(), b())) }];
    },
  };
}

/** The product in a workgroup of so many invocations. */
export function matrixKernel(shape: MatrixShape, invocations: number): Kernel {
  return kernelFrom(shaderFrom("probe-subgroup-matrix", matrixText(shape, invocations)), "main");
}

function matrixText({ M, N, K, ...types }: MatrixShape, lanes: number): string {
  const { componentType: from, resultComponentType: to } = types;
  const [left, right] = [
    `subgroup_matrix_left<${from}, ${K}, ${M}>`,
    `subgroup_matrix_right<${from}, ${N}, ${K}>`,
  ];
  const result = `subgroup_matrix_result<${to}, ${N}, ${M}>`;
  return `enable f16;
enable chromium_experimental_subgroup_matrix;
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
var<workgroup> a_tile: array<${from}, ${2 * M * K}>;
var<workgroup> b_tile: array<${from}, ${2 * N * K}>;
var<workgroup> c_tile: array<${to}, ${M * N}>;
@compute @workgroup_size(${lanes})
fn main(@builtin(local_invocation_index) lane: u32) {
  for (var i = lane; i < ${2 * M * K}u; i += ${lanes}u) { a_tile[i] = ${from}(a[i]); }
  for (var i = lane; i < ${2 * N * K}u; i += ${lanes}u) { b_tile[i] = ${from}(b[i]); }
  workgroupBarrier();
  var sum: ${result};
  for (var k = 0u; k < 2u; k++) {
    let x = subgroupMatrixLoad<${left}, row_major>(&a_tile, k * ${K}u, ${2 * K}u);
    let y = subgroupMatrixLoad<${right}, row_major>(&b_tile, k * ${K * N}u, ${N}u);
    sum = subgroupMatrixMultiplyAccumulate(x, y, sum);
  }
  subgroupMatrixStore<row_major>(&c_tile, 0u, sum, ${N}u);
  workgroupBarrier();
  for (var i = lane; i < ${M * N}u; i += ${lanes}u) { c[i] = f32(c_tile[i]); }
}
`;
}
