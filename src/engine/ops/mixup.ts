// mixup (Zhang, Cissé, Dauphin and Lopez-Paz, mixup: Beyond Empirical Risk Minimization, ICLR 2018), as Keras's MixUp has it: a
// share λ for each row, and one permutation p of the batch.
//   drawPairs   pairs[n] = (λ[n], p(n))   λ[n] ~ Beta(α, α), 0 < α ≤ 1     ->   pairs (N, 2) f32
//   mixRows     y[n] = λ[n] · x[n] + (1 − λ[n]) · x[p(n)]   x (N, …)       ->   y the same
// p(n) is the place of row n's number among those of the batch, u of the index n in (step, stream, seed), see core/random.ts; of
// equal ones the first comes first. λ is Jöhnk's (1964): X = U^(1/α), Y = V^(1/α) until X + Y ≤ 1, then X / (X + Y), by their
// logarithms, since a small α leaves no X in float32. Of the 32 tries that there are, row n's j-th takes U and V as 1 − u of
// the two indices from 2^31 + 64n + 2j. A try succeeds at least half of the time (at α = 1); a row without success, 1 in 2^32,
// stays as it is. No gradient flows to x: it is a batch of the data.

import shader from "../../shaders/mixup.wgsl";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";

export interface PairsRequest {
  readonly batch: number;
  /** Above 0, to 1. */
  readonly alpha: number;
  readonly seed: number;
  readonly stream: number;
  /** (≥ 1) u32, element 0 is the step. */
  readonly clock: Tensor;
}

/** Records the drawing of what each row is mixed with, and how much of it is its own. */
export function drawPairs(
  rec: Recorder,
  { batch, alpha, seed, stream, clock }: PairsRequest,
): Tensor {
  const pairs = rec.allocate([batch, 2], "pairs");
  rec.dispatch({
    op: "mixup",
    kernel: DRAW,
    grid: [ceilDiv(batch, 64), 1, 1],
    bind: { clock, pairs },
    // So that the smallest α gives numbers still.
    params: { batch, elements: 2, stream, seed, exponent: Math.min(1 / alpha, 1e30) },
    touched: { clock: 4 },
  });
  return pairs;
}

/** Records the mixing of rows, of images or of whatever else there is one of a row. */
export function mixRows(rec: Recorder, x: Tensor, pairs: Tensor): Tensor {
  const y = rec.allocate(x.shape, "mixed");
  const [batch = 1] = x.shape;
  const size = sizeOf(x.shape);
  rec.dispatch({
    op: "mixup",
    kernel: BLEND,
    grid: linearGrid(size, 64),
    bind: { x, mixed: pairs, y },
    params: { batch, elements: size / batch, stream: 0, seed: 0, exponent: 0 },
    flops: 4 * size,
  });
  return y;
}

const DRAW: Kernel = kernelFrom(shader, "draw");
const BLEND: Kernel = kernelFrom(shader, "blend");

/** Every kernel that this file dispatches. */
export function* mixupKernels(): Iterable<Kernel> {
  yield DRAW;
  yield BLEND;
}
