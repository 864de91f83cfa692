// The tiled rung of all three ladders: a convolution or one of its gradients as one implicit matrix product
// (tiled.wgsl), its size in tiles, and over how many workgroups the sum is split.

import shader from "../../../shaders/conv2d/tiled.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Capabilities } from "../../program/program.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import { ACTIVATIONS, type Activation, activationFlags } from "../gemm/bias-activation.ts";
import { type ConvGeometry, convFlops, inputBytes } from "./problem.ts";

type Pass = "forward" | "dx" | "dw";

interface TiledProblem {
  readonly pass: Pass;
  readonly geometry: ConvGeometry;
  readonly a: Tensor;
  readonly b: Tensor;
  readonly out: Tensor;
  readonly bias?: Tensor | null;
  readonly activation?: Activation;
}

const TILE_DEPTH = 16;
const TILE_AREA = 4096;
const MOST_GROUPS = 65_535;
/** Workgroups that fill a large GPU, and the least of a sum that is worth a workgroup. */
const ENOUGH_GROUPS = 256;
const LEAST_SPLIT = 512;

interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

function productOf(pass: Pass, g: ConvGeometry): Product {
  if (pass === "forward") {
    return { rows: g.n * g.oh * g.ow, columns: g.o, depth: g.kh * g.kw * g.i };
  }
  if (pass === "dx") return { rows: g.n * g.h * g.w, columns: g.i, depth: g.kh * g.kw * g.o };
  return { rows: g.kh * g.kw * g.i, columns: g.o, depth: g.n * g.oh * g.ow };
}

/** Narrow and tall where the columns are few, of the same area always. */
function tileOf({ columns }: Product) {
  const across = columns <= 16 ? 16 : columns <= 32 ? 32 : 64;
  return { TILE_ROWS: TILE_AREA / across, TILE_COLUMNS: across };
}

function gridOf(product: Product) {
  const { TILE_ROWS, TILE_COLUMNS } = tileOf(product);
  return [ceilDiv(product.rows, TILE_ROWS), ceilDiv(product.columns, TILE_COLUMNS)] as const;
}

/** The tallest tile takes more workgroup memory than WebGPU's default, with which an adapter may leave it. */
export function fitsTiled(
  pass: Pass,
  geometry: ConvGeometry,
  { maxComputeWorkgroupStorageSize = Number.POSITIVE_INFINITY }: Capabilities,
): boolean {
  const product = productOf(pass, geometry);
  const { TILE_ROWS, TILE_COLUMNS } = tileOf(product);
  const bytes = 4 * TILE_DEPTH * (TILE_ROWS + 1 + TILE_COLUMNS + 1);
  return (
    bytes <= maxComputeWorkgroupStorageSize &&
    gridOf(product).every((groups) => groups <= MOST_GROUPS)
  );
}

/** Depth of a split; only dw, with its short rows and columns and long sums, is split. */
function splitDepthOf(pass: Pass, product: Product): number {
  const [down, across] = gridOf(product);
  const most = pass === "dw" ? ceilDiv(product.depth, LEAST_SPLIT) : 1;
  const splits = Math.max(1, Math.min(most, Math.floor(ENOUGH_GROUPS / (down * across))));
  return ceilDiv(ceilDiv(product.depth, splits), TILE_DEPTH) * TILE_DEPTH;
}

/** Records the product, and the sum of its splits where there are several. */
export function recordTiled(rec: Recorder, problem: TiledProblem): void {
  const { pass, geometry, a, b, out, bias = null, activation = "linear" } = problem;
  const product = productOf(pass, geometry);
  const split_depth = splitDepthOf(pass, product);
  const splits = ceilDiv(product.depth, split_depth);
  const params = { ...geometry, ...product, splits, split_depth };
  const isSplit = splits > 1;
  const [groupsDown, groupsAcross] = gridOf(product);
  const { rows, columns } = product;
  const products = isSplit ? rec.allocate([splits, rows, columns], `${pass}.splits`) : out;
  rec.dispatch({
    op: "conv2d",
    kernel: multiplyKernel(pass, activation, bias !== null, tileOf(product)),
    grid: [groupsDown, groupsAcross, splits],
    bind: { a, b, out: products, ...(bias ? { bias } : {}) },
    params,
    flops: convFlops(geometry),
    executedFlops: 2 * TILE_AREA * groupsDown * groupsAcross * product.depth,
    ...(pass === "dx" ? {} : { touched: { a: inputBytes(geometry) } }),
  });
  if (!isSplit) return;
  rec.dispatch({
    op: "conv2d",
    kernel: ADD_SPLITS,
    grid: linearGrid(rows * columns, 64),
    bind: { products, out },
    params,
    executedFlops: splits * rows * columns,
  });
}

const ADD_SPLITS: Kernel = kernelFrom(shader, "add_splits");

function multiplyKernel(
  pass: Pass,
  activation: Activation,
  hasBias: boolean,
  constants: ReturnType<typeof tileOf>,
): Kernel {
  const flags = {
    ...activationFlags(activation),
    HAS_BIAS: hasBias,
    DX: pass === "dx",
    DW: pass === "dw",
  };
  return kernelFrom(shader, "multiply", { flags, constants });
}

/** Every kernel of the rung. */
export function* tiledKernels(): Iterable<Kernel> {
  for (const columns of [16, 32, 64]) {
    const tile = tileOf({ rows: 1, columns, depth: 1 });
    for (const activation of ACTIVATIONS) {
      for (const hasBias of [false, true]) {
        yield multiplyKernel("forward", activation, hasBias, tile);
      }
    }
    yield multiplyKernel("dx", "linear", false, tile);
    yield multiplyKernel("dw", "linear", false, tile);
  }
  yield ADD_SPLITS;
}
