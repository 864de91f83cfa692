// Batch normalisation over the last axis (Ioffe and Szegedy 2015), as Keras does it.
//   y = gamma · (x − mean) / sqrt(variance + epsilon) + beta
//   x (N,H,W,C) or (N,C)   gamma, beta (C) -> y like x
// Training: the batch's mean and biased variance; moving ← moving · momentum + batch · (1 − momentum).
// Inference: the moving statistics, which are constants to the gradient then.

import shader from "../../shaders/batch-normalization.wgsl";
import { ShapeError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, formatShape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import { type Op, producerOf } from "../program/tape.ts";
import { recordActivationBackward } from "./activation.ts";

export interface BatchNormalizationAttrs {
  /** Use the batch's statistics, and let the moving ones follow. */
  readonly training: boolean;
  /** (C) each, with a place of their own; written when training. */
  readonly moving: { readonly mean: Tensor; readonly variance: Tensor };
  /** Share of the old moving statistics that stays, unlike PyTorch's; default 0.99. */
  readonly momentum?: number;
  /** Default 1e-3. */
  readonly epsilon?: number;
  /** Whether there is a gamma among the inputs; default true. */
  readonly scale?: boolean;
  /** Whether there is a beta among the inputs; default true. */
  readonly center?: boolean;
  /** Let the moving variance take up var · n/(n − 1), as Keras 2's fused kernel did; default false, as Keras 3. */
  readonly besselMovingVariance?: boolean;
  /** Followed by max(y, 0) in the same kernel; default false. */
  readonly relu?: boolean;
}

/** x, then gamma if `scale`, then beta if `center`. */
type Inputs = readonly [x: Tensor, ...parameters: Tensor[]];

interface Saved {
  readonly inputs: Inputs;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly y: Tensor;
}

const NAME = "batch-normalization";
const SIZE = 64;
/** A slice is no longer than this where sums are taken: longer chains of additions round more. */
const LONGEST_SUM = 1024;

export const batchNormalization: Op<Inputs, BatchNormalizationAttrs, Saved> = {
  name: NAME,

  infer([x, ...parameters], { scale = true, center = true, moving }) {
    const channels = x.at(-1);
    if (x.length < 2 || channels === undefined) {
      throw new ShapeError(`${NAME}: takes (N, …, C), got ${formatShape(x)}`);
    }
    const count = Number(scale) + Number(center);
    if (parameters.length !== count) {
      throw new ShapeError(`${NAME}: takes x and ${count} parameters, got ${parameters.length}`);
    }
    for (const shape of [...parameters, moving.mean.shape, moving.variance.shape]) {
      if (shape.length === 1 && shape[0] === channels) continue;
      throw new ShapeError(
        `${NAME}: parameters and statistics have one element a channel, (${channels},), got ${formatShape(shape)}`,
      );
    }
    return x;
  },

  forward(rec, inputs, attrs, shape) {
    const [x] = inputs;
    const { gamma, beta } = parametersOf(inputs, attrs);
    const { mean, variance } = attrs.training ? recordMoments(rec, x, attrs) : attrs.moving;
    const y = rec.allocate(shape, "y", x.dtype);
    dispatchSlices(rec, {
      entry: "normalize",
      x,
      attrs,
      bind: { x, mean, variance, y, ...(gamma && { gamma }), ...(beta && { beta }) },
      flops: 4,
    });
    return { output: y, saved: { inputs, mean, variance, y } };
  },

  backward(rec, dyAfter, { inputs, mean, variance, y }, attrs, needs) {
    const dy = attrs.relu
      ? recordActivationBackward(rec, { kind: "relu", output: y, dy: dyAfter })
      : dyAfter;
    const [x, ...parameters] = inputs;
    const { gamma, beta } = parametersOf(inputs, attrs);
    const summed = attrs.training || parameters.some((_, index) => needs[index + 1]);
    const sums = summed ? recordSums(rec, { x, dy, mean, variance, attrs }) : null;
    const dx = needs[0] ? rec.allocate(x.shape, "dx", x.dtype) : null;
    if (dx) {
      const statistics =
        attrs.training && sums ? { x, mean, sum_dy_xhat: sums.dgamma, sum_dy: sums.dbeta } : {};
      dispatchSlices(rec, {
        entry: "input_gradient",
        x,
        attrs,
        bind: { dy, variance, dx, ...statistics, ...(gamma && { gamma }) },
        flops: attrs.training ? 5 : 1,
      });
    }
    const gradients = [...(gamma ? [sums?.dgamma] : []), ...(beta ? [sums?.dbeta] : [])];
    return [dx, ...gradients.map((gradient) => gradient ?? null)];
  },
};

/**
 * What a normalisation in inference mode was applied to, and how; null where the tensor comes from something else. Not in
 * training: recorded a second time it would move the statistics twice.
 */
export function inferenceNormalization(rec: Recorder, y: Tensor) {
  const entry = producerOf(rec, y);
  if (entry?.op !== NAME) return null;
  const attrs = entry.attrs as BatchNormalizationAttrs;
  if (attrs.training) return null;
  const inputs = entry.inputs as readonly Tensor[] as Inputs;
  return { attrs, inputs, layers: entry.origin.layers };
}

/** Every kernel that batch normalisation may dispatch. */
export function* batchNormalizationKernels(): Iterable<Kernel> {
  for (const byFour of [false, true]) {
    for (const entry of ["moments", "sums"] as const) yield kernelOf(entry, byFour);
    for (const SCALE of [false, true]) {
      for (const CENTER of [false, true]) {
        for (const RELU of [false, true]) {
          yield kernelOf("normalize", byFour, { SCALE, CENTER, RELU });
        }
      }
      for (const TRAINING of [false, true]) {
        yield kernelOf("input_gradient", byFour, { SCALE, TRAINING });
      }
    }
  }
  yield kernelOf("combine_moments", false);
  yield kernelOf("combine_sums", false);
}

function parametersOf([, first, second]: Inputs, attrs: BatchNormalizationAttrs) {
  const { scale = true, center = true } = attrs;
  const beta = scale ? second : first;
  return { gamma: scale ? first : undefined, beta: center ? beta : undefined };
}

/** The batch's mean and biased variance; the moving ones follow. */
function recordMoments(rec: Recorder, x: Tensor, attrs: BatchNormalizationAttrs) {
  const { slices, channels } = slicesOf(rec, x, "sum");
  const partial = rec.allocate([slices, 2, channels], "moments");
  dispatchSlices(rec, { entry: "moments", x, attrs, bind: { x, partial }, flops: 4 });
  const mean = rec.allocate([channels], "mean");
  const variance = rec.allocate([channels], "variance");
  dispatchCombine(rec, {
    entry: "combine_moments",
    x,
    attrs,
    bind: {
      partials: partial,
      batch_mean: mean,
      batch_variance: variance,
      moving_mean: attrs.moving.mean,
      moving_variance: attrs.moving.variance,
    },
  });
  return { mean, variance };
}

interface SumsRequest {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly attrs: BatchNormalizationAttrs;
}

/** dgamma = Σ dy·xhat and dbeta = Σ dy. */
function recordSums(rec: Recorder, { x, dy, mean, variance, attrs }: SumsRequest) {
  const { slices, channels } = slicesOf(rec, x, "sum");
  const partial = rec.allocate([slices, 2, channels], "sums");
  const bind = { x, dy, mean, variance, partial };
  dispatchSlices(rec, { entry: "sums", x, attrs, bind, flops: 4 });
  const dgamma = rec.allocate([channels], "dgamma");
  const dbeta = rec.allocate([channels], "dbeta");
  const combined = { partials: partial, dgamma, dbeta };
  dispatchCombine(rec, { entry: "combine_sums", x, attrs, bind: combined });
  return { dgamma, dbeta };
}

interface Request {
  readonly x: Tensor;
  readonly attrs: BatchNormalizationAttrs;
  readonly bind: Readonly<Record<string, Tensor>>;
}

type SliceEntry = "moments" | "sums" | "normalize" | "input_gradient";

interface SliceRequest extends Request {
  readonly entry: SliceEntry;
  /** Per element of x. */
  readonly flops: number;
}

function dispatchSlices(rec: Recorder, { entry, x, attrs, bind, flops }: SliceRequest): void {
  const work = entry === "moments" || entry === "sums" ? "sum" : "map";
  const { rows, slices, channels, lanes } = slicesOf(rec, x, work);
  const flags = {
    SCALE: bind["gamma"] !== undefined,
    CENTER: bind["beta"] !== undefined,
    ...(entry === "normalize" && { RELU: attrs.relu === true }),
    TRAINING: entry === "input_gradient" && attrs.training,
  };
  rec.dispatch({
    op: NAME,
    kernel: kernelOf(entry, lanes === 4, flags),
    grid: linearGrid((slices * channels) / lanes, SIZE),
    bind,
    params: paramsOf(attrs, { rows, channels: channels / lanes, slices, width: 0 }),
    flops: flops * sizeOf(x.shape),
  });
}

interface CombineRequest extends Request {
  readonly entry: "combine_moments" | "combine_sums";
}

function dispatchCombine(rec: Recorder, { entry, x, attrs, bind }: CombineRequest): void {
  const { rows, slices, channels } = slicesOf(rec, x, "sum");
  const shared = Math.min(SIZE, 2 ** Math.ceil(Math.log2(Math.max(1, slices / 16))));
  const width = SIZE / shared;
  rec.dispatch({
    op: NAME,
    kernel: kernelOf(entry, false),
    grid: [ceilDiv(channels, width), 1, 1],
    bind,
    params: paramsOf(attrs, { rows, channels, slices, width }),
    flops: (entry === "combine_moments" ? 8 : 2) * slices * channels,
  });
}

interface Extents {
  readonly rows: number;
  readonly channels: number;
  readonly slices: number;
  readonly width: number;
}

function paramsOf(attrs: BatchNormalizationAttrs, extents: Extents) {
  const { momentum = 0.99, epsilon = 1e-3, besselMovingVariance = false } = attrs;
  const { rows } = extents;
  const correction = besselMovingVariance ? rows / Math.max(rows - 1, 1) : 1;
  return { ...extents, epsilon, momentum, one_minus_momentum: 1 - momentum, correction };
}

/**
 * How many slices share the rows of x: enough of them to fill the machine, yet not so many that an invocation (a dear
 * thing on a software adapter) or a partial sum would serve a few elements only.
 */
function slicesOf(rec: Recorder, x: Tensor, work: "sum" | "map") {
  const channels = x.shape.at(-1) ?? 1;
  const rows = sizeOf(x.shape) / channels;
  const lanes = channels % 4 === 0 ? 4 : 1;
  const [filling, fewest] = rec.capabilities.isSoftware ? [512, 16] : [131_072, 8];
  const wanted = Math.min((filling * lanes) / channels, rows / (work === "sum" ? fewest : 1));
  const least = work === "sum" ? rows / LONGEST_SUM : 1;
  const slices = Math.min(rows, Math.max(1, Math.ceil(least), Math.floor(wanted)));
  return { rows, slices, channels, lanes };
}

function kernelOf(
  entry: SliceEntry | CombineRequest["entry"],
  byFour: boolean,
  flags: Readonly<Record<string, boolean>> = {},
): Kernel {
  const own = entry === "normalize" || entry === "input_gradient" ? flags : {};
  return kernelFrom(shader, entry, { flags: { BY_FOUR: byFour, ...own } });
}
