// Max and average pooling of images, NHWC. (Averaging whole images is global-average-pool2d.)
//   max:     y[n,oh,ow,c] = max of x over the window; the gradient goes to its first maximum in row-major order
//   average: y[n,oh,ow,c] = mean of x over those cells of the window that are not padding
//   x (N,H,W,C) -> y (N,OH,OW,C)
// Sizes and pads are TensorFlow's (core/window.ts); padding never wins a maximum. The maximum of a window with
// a NaN is NaN, and so is the gradient of each of its cells.

import shader from "../../../shaders/pool/pool2d.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { ceilDiv, type Shape, shape4, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { type Padding, type WindowGeometry, windowGeometry } from "../../core/window.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import type { Op } from "../../program/tape.ts";
import {
  ACTIVATIONS,
  type Activation,
  activationFlags,
  type Slope,
  slopeOf,
} from "../gemm/bias-activation.ts";

export interface Pool2dAttrs {
  /** Height and width of the window. */
  readonly poolSize: readonly [number, number];
  /** Steps from window to window, down and across. */
  readonly strides: readonly [number, number];
  readonly padding: Padding;
}

type Mode = "max" | "average";
type Entry = "forward" | "backward_tiles" | "backward_cells";
type Pool2d = Op<readonly [x: Tensor], Pool2dAttrs, Tensor>;

export const maxPool2d: Pool2d = pool2d("max");
export const averagePool2d: Pool2d = pool2d("average");

/** Invocations that keep a software adapter busy; more of them only cost. */
const SOFTWARE_INVOCATIONS = 512;

/** Every kernel that pooling may dispatch; windows of any other size and stride change its constants alone. */
export function* pool2dKernels(): Iterable<Kernel> {
  const attrs: Pool2dAttrs = { poolSize: [3, 2], strides: [2, 2], padding: "same" };
  for (const lanes of [1, 2, 4] as const) {
    for (const mode of ["max", "average"] as const) {
      for (const entry of ["forward", "backward_tiles", "backward_cells"] as const) {
        const slopes = entry === "forward" ? (["linear"] as const) : ACTIVATIONS;
        for (const slope of slopes) {
          for (const rim of [false, true]) {
            yield kernelOf(entry, attrs, { mode, lanes, rim, slope });
          }
        }
      }
    }
  }
}

function pool2d(mode: Mode): Pool2d {
  const name = `${mode}-pool2d`;
  return {
    name,

    infer([x], attrs) {
      const { n, height, width, c } = geometryOf(name, x, attrs);
      return [n, height.out, width.out, c];
    },

    forward(rec, [x], attrs, shape) {
      const y = rec.allocate(shape, "y", x.dtype);
      dispatch(rec, { mode, entry: "forward", x: x.shape, attrs, bind: { x, y } });
      return { output: y, saved: x };
    },

    takesSlope: true,

    backward(rec, dy, x, attrs, _needs, slopes) {
      const dx = rec.allocate(x.shape, "dx", x.dtype);
      const slope = slopeOf(x, slopes);
      const { poolSize, strides } = attrs;
      const apart = strides[0] >= poolSize[0] && strides[1] >= poolSize[1];
      const entry = apart ? "backward_tiles" : "backward_cells";
      const bind = mode === "max" || slope ? { x, dy, dx } : { dy, dx };
      rec.folding(slopes.inputLayers, () =>
        dispatch(rec, { mode, entry, x: x.shape, attrs, bind, slope }),
      );
      return [dx];
    },
  };
}

function geometryOf(name: string, x: Shape, { poolSize, strides, padding }: Pool2dAttrs) {
  const [n, h, w, c] = shape4(x, name);
  const height = windowGeometry(h, poolSize[0], strides[0], padding, `${name} height`);
  const width = windowGeometry(w, poolSize[1], strides[1], padding, `${name} width`);
  return { n, h, w, c, height, width };
}

interface PoolDispatch {
  readonly mode: Mode;
  readonly entry: Entry;
  /** Shape of x. */
  readonly x: Shape;
  readonly attrs: Pool2dAttrs;
  readonly bind: Readonly<Record<string, Tensor>>;
  /** That dx is to have in it. */
  readonly slope?: Slope | null;
}

function dispatch(rec: Recorder, request: PoolDispatch): void {
  const { mode, entry, x, attrs, bind, slope = null } = request;
  const op = `${mode}-pool2d`;
  const { n, h, w, c, height, width } = geometryOf(op, x, attrs);
  const { poolSize, strides } = attrs;
  const lanes = lanesOf(c);
  const rows = extentOf(entry, h, strides[0], height);
  const columns = extentOf(entry, w, strides[1], width);
  const rim =
    [height, width].some(({ before, after }) => before + after > 0) ||
    (entry === "backward_tiles" && (height.out * strides[0] !== h || width.out * strides[1] !== w));
  const strip = stripOf(rec, rows, (n * columns * c) / lanes);
  rec.dispatch({
    op,
    kernel: kernelOf(entry, attrs, { mode, lanes, rim, slope: slope?.activation ?? "linear" }),
    grid: linearGrid((n * ceilDiv(rows, strip) * columns * c) / lanes, 64),
    bind,
    params: {
      images: n,
      height: h,
      width: w,
      channels: c / lanes,
      out_height: height.out,
      out_width: width.out,
      before_height: height.before,
      before_width: width.before,
      rows,
      columns,
      strip,
    },
    flops: n * height.out * width.out * c * sizeOf(poolSize),
    touched: bind["x"] ? { x: windowBytes(x, attrs, [height.out, width.out]) } : {},
  });
}

/** Bytes of x that the windows reach: not all of it where they step over some. */
function windowBytes(
  [n = 1, h = 1, w = 1, c = 1]: Shape,
  { poolSize, strides }: Pool2dAttrs,
  [outHeight, outWidth]: readonly [number, number],
): number {
  const rows = strides[0] > poolSize[0] ? Math.min(h, outHeight * poolSize[0]) : h;
  const columns = strides[1] > poolSize[1] ? Math.min(w, outWidth * poolSize[1]) : w;
  return 4 * n * rows * columns * c;
}

/** Rows (or columns) that an entry's grid covers: of y, of tiles, or of dx. */
function extentOf(entry: Entry, size: number, stride: number, geometry: WindowGeometry): number {
  if (entry === "forward") return geometry.out;
  return entry === "backward_cells" ? size : ceilDiv(size + geometry.before, stride);
}

/** Rows that an invocation takes, where `across` invocations take one each: as many as leave enough invocations. */
function stripOf(rec: Recorder, rows: number, across: number): number {
  if (!rec.capabilities.isSoftware) return 1;
  return Math.min(rows, Math.max(1, Math.floor((rows * across) / SOFTWARE_INVOCATIONS)));
}

/** Channels that an invocation takes at once. */
function lanesOf(channels: number): 1 | 2 | 4 {
  if (channels % 4 === 0) return 4;
  return channels % 2 === 0 ? 2 : 1;
}

interface Variant {
  readonly mode: Mode;
  readonly lanes: 1 | 2 | 4;
  /** Whether windows or tiles reach over the rim of the image. */
  readonly rim: boolean;
  /** Whose slope dx has in it. */
  readonly slope: Activation;
}

function kernelOf(entry: Entry, attrs: Pool2dAttrs, variant: Variant): Kernel {
  const { mode, lanes, rim, slope } = variant;
  const [POOL_HEIGHT, POOL_WIDTH] = attrs.poolSize;
  const [STRIDE_HEIGHT, STRIDE_WIDTH] = attrs.strides;
  return kernelFrom(shader, entry, {
    flags: {
      ...{ AVERAGE: mode === "average", BY_FOUR: lanes === 4, BY_TWO: lanes === 2, RIM: rim },
      ...{ SLOPED: slope !== "linear", ...activationFlags(slope) },
    },
    constants: { POOL_HEIGHT, POOL_WIDTH, STRIDE_HEIGHT, STRIDE_WIDTH },
  });
}
