// A convolution with groups and dilation, for what the kernels of conv2d.ts do not do; depthwise where there are as many
// groups as channels. Without bias, which is an op of its own (bias-add.ts).
//   y[n,oh,ow,o] = Σ x[n, oh·sh + kh·dh − top, ow·sw + kw·dw − left, g·I/G + i] · w[kh,kw,i,o], g = ⌊o / (O/G)⌋
//   x (N,H,W,I)   w (KH,KW,I/G,O)   ->   y (N,OH,OW,O)

import shader from "../../../shaders/conv2d/grouped.wgsl";
import { ShapeError } from "../../core/errors.ts";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { formatShape, type Shape, shape4, sizeOf } from "../../core/shape.ts";
import { reshaped, type Tensor } from "../../core/tensor.ts";
import { type Padding, windowGeometry } from "../../core/window.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import type { Op } from "../../program/tape.ts";
import { recordBiasActivationBackward } from "../gemm/bias-activation.ts";
import {
  type GroupedEntry,
  type GroupedGeometry,
  type GroupedPass,
  isDepthwise,
  recordDepthwise,
} from "./depthwise.ts";

export interface GroupedConv2dAttrs {
  /** Steps between windows, down and across. */
  readonly strides: readonly [number, number];
  readonly padding: Padding;
  /** Pixels from one tap of the window to the next, down and across; 1 for a window without gaps. */
  readonly dilation: readonly [number, number];
  /** Each sees its share of the input's channels and makes its share of the filters. */
  readonly groups: number;
}

interface Saved {
  readonly x: Tensor;
  readonly w: Tensor;
}

export const groupedConv2d: Op<readonly [x: Tensor, w: Tensor], GroupedConv2dAttrs, Saved> = {
  name: "grouped-conv2d",

  infer([x, w], attrs) {
    const [n, , , channels] = shape4(x, "grouped-conv2d");
    const [, , ofGroup, filters] = shape4(w, "grouped-conv2d");
    const { groups } = attrs;
    if (ofGroup * groups !== channels || filters % groups !== 0) {
      throw new ShapeError(
        `grouped-conv2d: channels and filters are shared out among ${groups} groups, ` +
          `got x ${formatShape(x)}, w ${formatShape(w)}`,
      );
    }
    const { rows, columns } = windowsOf(x, w, attrs);
    return [n, rows.out, columns.out, filters];
  },

  forward(rec, [x, w], attrs, shape) {
    const y = rec.allocate(shape, "y", x.dtype);
    const geometry = geometryOf(x.shape, w.shape, attrs);
    record(rec, "forward", { written: y, bind: { x, w, y }, geometry });
    return { output: y, saved: { x, w } };
  },

  backward(rec, dy, { x, w }, attrs, [needsX, needsW]) {
    const geometry = geometryOf(x.shape, w.shape, attrs);
    const dx = needsX ? rec.allocate(x.shape, "dx", x.dtype) : null;
    if (dx) record(rec, "input_gradient", { written: dx, bind: { w, dy, dx }, geometry });
    return [dx, needsW ? weightGradient(rec, dy, { x, w, geometry }) : null];
  },
};

/** Elements of partial sums that are worth their memory. */
const MOST_PARTIAL = 2 ** 22;

/** Sums over slices of the batch side by side, then over the slices. */
function weightGradient(rec: Recorder, dy: Tensor, problem: Saved & { geometry: GroupedGeometry }) {
  const { x, w, geometry } = problem;
  const [n = 1] = x.shape;
  const most = Math.max(1, Math.min(n, Math.floor(MOST_PARTIAL / sizeOf(w.shape))));
  const images = Math.ceil(n / most);
  const slices = Math.ceil(n / images);
  const partial = rec.allocate([slices, sizeOf(w.shape)], "dw.slices");
  const pass = { written: partial, bind: { x, dy, partial }, geometry: { ...geometry, images } };
  record(rec, "weight_gradient", pass);
  if (slices === 1) return reshaped(partial, w.shape);
  const sums = { dy: partial, y: partial, activation: "linear", hasBias: true } as const;
  const { db } = recordBiasActivationBackward(rec, sums);
  return db && reshaped(db, w.shape);
}

function windowsOf(x: Shape, w: Shape, { strides, padding, dilation }: GroupedConv2dAttrs) {
  const [, height, width] = shape4(x, "grouped-conv2d");
  const [kh, kw] = w as readonly [number, number, ...number[]];
  const reach = [(kh - 1) * dilation[0] + 1, (kw - 1) * dilation[1] + 1] as const;
  return {
    rows: windowGeometry(height, reach[0], strides[0], padding, "grouped-conv2d"),
    columns: windowGeometry(width, reach[1], strides[1], padding, "grouped-conv2d"),
  };
}

function geometryOf(x: Shape, w: Shape, attrs: GroupedConv2dAttrs): GroupedGeometry {
  const [n, height, width, i] = shape4(x, "grouped-conv2d");
  const [kh, kw, ofGroup, o] = shape4(w, "grouped-conv2d");
  const { rows, columns } = windowsOf(x, w, attrs);
  const [sh, sw] = attrs.strides;
  const [down, across] = attrs.dilation;
  return {
    ...{ n, h: height, w: width, i, oh: rows.out, ow: columns.out, o, kh, kw, sh, sw },
    ...{ top: rows.before, left: columns.before, down, across },
    ...{ group_in: ofGroup, group_out: o / attrs.groups, images: n },
  };
}

function record(rec: Recorder, entry: GroupedEntry, pass: GroupedPass): void {
  const { written, bind, geometry } = pass;
  if (isDepthwise(geometry)) {
    recordDepthwise(rec, entry, pass);
    return;
  }
  const { n, oh, ow, o, kh, kw, group_in } = geometry;
  const elements = sizeOf(written.shape);
  rec.dispatch({
    op: "grouped-conv2d",
    kernel: KERNELS[entry],
    grid: linearGrid(elements, 64),
    bind,
    params: { elements, ...geometry },
    flops: 2 * n * oh * ow * o * kh * kw * group_in,
  });
}

const KERNELS: Readonly<Record<GroupedEntry, Kernel>> = {
  forward: kernelFrom(shader, "forward"),
  input_gradient: kernelFrom(shader, "input_gradient"),
  weight_gradient: kernelFrom(shader, "weight_gradient"),
};

/** Every kernel that this file dispatches. */
export function* groupedConv2dKernels(): Iterable<Kernel> {
  yield* Object.values(KERNELS);
}
