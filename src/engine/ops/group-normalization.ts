// Normalisation by the statistics of each example: of groups of channels (Keras's GroupNormalization), or of every vector of
// channels (LayerNormalization, where each place is an example of one group).
//   y = (x − mean) / √(variance + ε) · gamma[c] + beta[c], mean and variance over the places and the channels of a group
//   d = dy · gamma[c], x̂ = (x − mean) / √(variance + ε)
//   dx = (d − mean(d) − x̂ · mean(d · x̂)) / √(variance + ε)     dgamma[c] = Σ dy · x̂     dbeta[c] = Σ dy
//   x (N, …, C)   gamma, beta (C)   ->   y (N, …, C)

import shader from "../../shaders/group-normalization.wgsl";
import { ShapeError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { formatShape, type Shape, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";
import { recordBiasActivationBackward } from "./gemm/bias-activation.ts";

export interface GroupNormalizationAttrs {
  /** Groups of as many channels each; or `places`: every place of an example is normalised by itself, over all channels. */
  readonly groups: number | "places";
  /** Added to the variance. */
  readonly epsilon: number;
  /** Whether there is a gamma among the inputs; default true. */
  readonly scale?: boolean;
  /** Whether there is a beta among the inputs; default true. */
  readonly center?: boolean;
}

/** x, then gamma if `scale`, then beta if `center`. */
type Inputs = readonly [x: Tensor, ...parameters: Tensor[]];

interface Saved {
  readonly x: Tensor;
  /** Empty without one. */
  readonly gamma: { readonly gamma?: Tensor };
  readonly known: Tensor;
}

export const groupNormalization: Op<Inputs, GroupNormalizationAttrs, Saved> = {
  name: "group-normalization",

  infer([x, ...parameters], { groups, scale = true, center = true }) {
    const channels = x.at(-1) ?? 0;
    const isShared = groups === "places" || (groups >= 1 && Number.isInteger(channels / groups));
    const count = Number(scale) + Number(center);
    const areLines = parameters.every((line) => sizeOf(line) === channels);
    if (!isShared || !areLines || parameters.length !== count) {
      throw new ShapeError(
        `group-normalization: the channels are shared out among ${groups} groups, each with ${count} parameters, ` +
          `got x ${formatShape(x)} and ${parameters.map(formatShape).join(", ") || "none"}`,
      );
    }
    return x;
  },

  forward(rec, [x, ...parameters], attrs) {
    const y = rec.allocate(x.shape, "y", x.dtype);
    const params = paramsOf(x.shape, attrs);
    const statistics = rec.allocate([params.groups, 2], "statistics");
    const { scale = true, center = true } = attrs;
    const [first, last] = [parameters[0], parameters.at(-1)];
    const gamma = scale && first ? { gamma: first } : {};
    const bind = { x, y, statistics, ...gamma, ...(center && last ? { beta: last } : {}) };
    record(rec, kernel("forward", { scale, center }), { count: params.groups, bind, params });
    return { output: y, saved: { x, gamma, known: statistics } };
  },

  backward(rec, dy, { x, gamma, known }, attrs, [needsX, ...needs]) {
    const { scale = true, center = true } = attrs;
    const params = paramsOf(x.shape, attrs);
    const dx = needsX ? rec.allocate(x.shape, "dx", x.dtype) : null;
    if (dx) {
      const bind = { x, known, dy, dx, ...gamma };
      record(rec, kernel("input_gradient", { scale }), { count: params.groups, bind, params });
    }
    const terms = scale && needs[0] ? rec.allocate(x.shape, "terms") : null;
    if (terms) {
      const bind = { x, known, dy, terms };
      record(rec, kernel("gamma_terms"), { count: params.elements, bind, params });
    }
    const dgamma = terms && channelSums(rec, terms);
    const dbeta = center && needs.at(-1) ? channelSums(rec, dy) : null;
    return [dx, ...(scale ? [dgamma] : []), ...(center ? [dbeta] : [])];
  },
};

function channelSums(rec: Recorder, dy: Tensor): Tensor | null {
  const sums = { dy, y: dy, activation: "linear", hasBias: true } as const;
  return recordBiasActivationBackward(rec, sums).db;
}

function paramsOf(x: Shape, { groups, epsilon }: GroupNormalizationAttrs) {
  const elements = sizeOf(x);
  const channels = x.at(-1) ?? 1;
  const examples = groups === "places" ? elements / channels : (x[0] ?? 1);
  const each = groups === "places" ? 1 : groups;
  const places = elements / channels / examples;
  return { groups: examples * each, elements, places, channels, width: channels / each, epsilon };
}

interface Pass {
  /** Invocations. */
  readonly count: number;
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly params: ReturnType<typeof paramsOf>;
}

function record(rec: Recorder, used: Kernel, { count, bind, params }: Pass): void {
  const grid = linearGrid(count, 64);
  const flops = 8 * params.elements;
  rec.dispatch({
    op: "group-normalization",
    kernel: used,
    grid,
    bind,
    params: { ...params },
    flops,
  });
}

type Entry = "forward" | "input_gradient" | "gamma_terms";

interface Line {
  readonly scale?: boolean;
  readonly center?: boolean;
}

function kernel(entry: Entry, { scale = false, center = false }: Line = {}): Kernel {
  return kernelFrom(shader, entry, { flags: { SCALE: scale, CENTER: center } });
}

/** Every kernel that this file dispatches. */
export function* groupNormalizationKernels(): Iterable<Kernel> {
  for (const scale of [true, false]) {
    yield kernel("forward", { scale, center: true });
    yield kernel("forward", { scale, center: false });
    yield kernel("input_gradient", { scale });
  }
  yield kernel("gamma_terms");
}
