// The ladders of a convolution with groups and dilation: the naive rung, an element an invocation, takes all of them; the others are
// for depthwise ones, where there are as many groups as channels.

import shader from "../../../shaders/conv2d/grouped.wgsl";
import { type Kernel, kernelFrom } from "../../core/kernel.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Ladder } from "../../program/ladder.ts";
import { linearGrid, type Recorder } from "../../program/recorder.ts";
import { recordBiasGradient } from "../gemm/bias-activation.ts";
import { depthwiseKernels, fitsColumns, recordColumns } from "./depthwise.ts";
import {
  describeGrouped,
  type GroupedForward,
  type GroupedGeometry,
  type GroupedInputGradient,
  type GroupedWeightGradient,
  groupedFlops,
  MOST_PARTIAL,
} from "./grouped-problem.ts";
import {
  fitsSliding,
  recordSlidingDw,
  recordSlidingDx,
  recordSlidingForward,
  slidingKernels,
  suitsSliding,
  suitsSlidingDw,
} from "./sliding.ts";

type Entry = "forward" | "input_gradient" | "weight_gradient";

const KERNELS: Readonly<Record<Entry, Kernel>> = {
  forward: kernelFrom(shader, "forward"),
  input_gradient: kernelFrom(shader, "input_gradient"),
  weight_gradient: kernelFrom(shader, "weight_gradient"),
};

/** A dispatch of an entry point, of the naive rung or of that of columns. */
interface Pass {
  readonly entry: Entry;
  readonly written: Tensor;
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly geometry: GroupedGeometry;
  /** Images of a slice of the gradient to the weights. */
  readonly images: number;
}

type Recording = (rec: Recorder, pass: Pass) => void;

function recordNaive(rec: Recorder, { entry, written, bind, geometry, images }: Pass): void {
  const elements = sizeOf(written.shape);
  rec.dispatch({
    op: "grouped-conv2d",
    kernel: KERNELS[entry],
    grid: linearGrid(elements, 64),
    bind,
    params: { elements, ...geometry, images },
    flops: groupedFlops(geometry),
  });
}

/** Sums over slices of the batch side by side, then over the slices. */
function recordSliced(
  rec: Recorder,
  { geometry, x, dy, dw }: GroupedWeightGradient,
  recording: Recording,
): void {
  const { n } = geometry;
  const most = Math.max(1, Math.min(n, Math.floor(MOST_PARTIAL / sizeOf(dw.shape))));
  const images = Math.ceil(n / most);
  const slices = Math.ceil(n / images);
  const partial = slices === 1 ? dw : rec.allocate([slices, sizeOf(dw.shape)], "dw.slices");
  const bind = { x, dy, partial };
  recording(rec, { entry: "weight_gradient", written: partial, bind, geometry, images });
  if (slices > 1) recordBiasGradient(rec, partial, dw);
}

const forwardBy =
  (recording: Recording) =>
  (rec: Recorder, { geometry, x, w, y }: GroupedForward) =>
    recording(rec, { entry: "forward", written: y, bind: { x, w, y }, geometry, images: 1 });

const dxBy =
  (recording: Recording) =>
  (rec: Recorder, { geometry, dy, w, dx }: GroupedInputGradient) =>
    recording(rec, {
      ...{ entry: "input_gradient", written: dx, bind: { w, dy, dx }, geometry },
      images: 1,
    });

const dwBy = (recording: Recording) => (rec: Recorder, problem: GroupedWeightGradient) =>
  recordSliced(rec, problem, recording);

interface Problem {
  readonly geometry: GroupedGeometry;
}

const NAIVE = { name: "naive", fits: () => true } as const;
const COLUMNS = {
  name: "columns",
  fits: ({ geometry }: Problem) => fitsColumns(geometry),
} as const;
const SLIDING = {
  name: "sliding",
  fits: ({ geometry }: Problem) => fitsSliding(geometry),
  suits: ({ geometry }: Problem) => suitsSliding(geometry),
} as const;

/** The ways to compute y, from naive upwards. */
export const groupedForward: Ladder<GroupedForward> = {
  name: "grouped-conv2d.forward",
  describe: ({ geometry, x }) => describeGrouped(geometry, x),
  rungs: [
    { ...NAIVE, record: forwardBy(recordNaive) },
    { ...COLUMNS, record: forwardBy(recordColumns) },
    { ...SLIDING, record: recordSlidingForward },
  ],
};

/** The ways to compute dx. */
export const groupedDx: Ladder<GroupedInputGradient> = {
  name: "grouped-conv2d.dx",
  describe: ({ geometry, dy }) => describeGrouped(geometry, dy),
  rungs: [
    { ...NAIVE, record: dxBy(recordNaive) },
    { ...COLUMNS, record: dxBy(recordColumns) },
    { ...SLIDING, record: recordSlidingDx },
  ],
};

/** The ways to compute dw. */
export const groupedDw: Ladder<GroupedWeightGradient> = {
  name: "grouped-conv2d.dw",
  describe: ({ geometry, x }) => describeGrouped(geometry, x),
  rungs: [
    { ...NAIVE, record: dwBy(recordNaive) },
    { ...COLUMNS, record: dwBy(recordColumns) },
    {
      ...SLIDING,
      suits: ({ geometry }: Problem) => suitsSlidingDw(geometry),
      record: recordSlidingDw,
    },
  ],
};

/** Every kernel that a rung dispatches. */
export function* groupedConv2dKernels(): Iterable<Kernel> {
  yield* Object.values(KERNELS);
  yield* depthwiseKernels();
  yield* slidingKernels();
}
