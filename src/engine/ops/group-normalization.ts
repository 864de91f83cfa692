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
}

type Inputs = readonly [x: Tensor, gamma: Tensor, beta: Tensor];

interface Saved {
  readonly x: Tensor;
  readonly gamma: Tensor;
  readonly known: Tensor;
}

export const groupNormalization: Op<Inputs, GroupNormalizationAttrs, Saved> = {
  name: "group-normalization",

  infer([x, gamma, beta], { groups }) {
    const channels = x.at(-1) ?? 0;
    const isShared = groups === "places" || (groups >= 1 && Number.isInteger(channels / groups));
    if (!isShared || sizeOf(gamma) !== channels || sizeOf(beta) !== channels) {
      throw new ShapeError(
        `group-normalization: the channels are shared out among ${groups} groups, each with a gamma and a beta, ` +
          `got x ${formatShape(x)}, gamma ${formatShape(gamma)}, beta ${formatShape(beta)}`,
      );
    }
    return x;
  },

  forward(rec, [x, gamma, beta], attrs) {
    const y = rec.allocate(x.shape, "y", x.dtype);
    const params = paramsOf(x.shape, attrs);
    const statistics = rec.allocate([params.groups, 2], "statistics");
    const bind = { x, gamma, beta, y, statistics };
    record(rec, KERNELS.forward, { count: params.groups, bind, params });
    return { output: y, saved: { x, gamma, known: statistics } };
  },

  backward(rec, dy, saved, attrs, [needsX, needsGamma, needsBeta]) {
    const { x, gamma, known } = saved;
    const params = paramsOf(x.shape, attrs);
    const dx = needsX ? rec.allocate(x.shape, "dx", x.dtype) : null;
    if (dx) {
      const bind = { x, gamma, known, dy, dx };
      record(rec, KERNELS.input_gradient, { count: params.groups, bind, params });
    }
    const terms = needsGamma ? rec.allocate(x.shape, "terms") : null;
    if (terms) {
      const bind = { x, known, dy, terms };
      record(rec, KERNELS.gamma_terms, { count: params.elements, bind, params });
    }
    return [dx, terms && channelSums(rec, terms), needsBeta ? channelSums(rec, dy) : null];
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

function record(rec: Recorder, kernel: Kernel, { count, bind, params }: Pass): void {
  const grid = linearGrid(count, 64);
  const flops = 8 * params.elements;
  rec.dispatch({ op: "group-normalization", kernel, grid, bind, params: { ...params }, flops });
}

const KERNELS = {
  forward: kernelFrom(shader, "forward"),
  input_gradient: kernelFrom(shader, "input_gradient"),
  gamma_terms: kernelFrom(shader, "gamma_terms"),
} as const;

/** Every kernel that this file dispatches. */
export function* groupNormalizationKernels(): Iterable<Kernel> {
  yield* Object.values(KERNELS);
}
