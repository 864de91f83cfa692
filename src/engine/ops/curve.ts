// Activations whose slope needs what went in, as an op of their own; relu, tanh and sigmoid are in activation.ts.
//   y = f(x)     dx = dy · f'(x)     x, y any shape
// With Keras's formulas:
//   rectified      most where x ≥ most, x where x ≥ threshold, else slope · (x − threshold): ReLU, LeakyReLU, relu6
//   elu            x where x > 0, else slope · (exp(x) − 1)
//   selu           1.0507… · elu(x) of slope 1.6732…
//   gelu           x · Φ(x)                gelu_tanh  ½ · x · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))
//   silu           x · sigmoid(x)          softplus   log(1 + exp(x))     softsign  x / (1 + |x|)
//   hard_sigmoid   slope · x + ½ between 0 and 1          hard_silu  x · hard_sigmoid(x)
//   exponential    exp(x)                  mish       x · tanh(softplus(x))
//   log_sigmoid    −softplus(−x)           hard_tanh  x between −1 and 1
//   hard_shrink    x where |x| > threshold, else 0        soft_shrink  x moved by the threshold towards 0, or 0
//   tanh_shrink    x − tanh(x)             squareplus (x + √(x² + 4)) / 2
//   sparse_plus    0 where x ≤ −1, (x + 1)² / 4 where x < 1, else x
// A NaN passes through all of them.

import shader from "../../shaders/curve.wgsl";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import type { Op } from "../program/tape.ts";
import { wordStride } from "../program/word-stride.ts";

/** In the order of the constants of curve.wgsl. */
export const CURVES = [
  "rectified",
  "elu",
  "selu",
  "gelu",
  "gelu_tanh",
  "silu",
  "softplus",
  "softsign",
  "hard_sigmoid",
  "hard_silu",
  "exponential",
  "mish",
  "log_sigmoid",
  "hard_tanh",
  "hard_shrink",
  "soft_shrink",
  "tanh_shrink",
  "squareplus",
  "sparse_plus",
] as const;

export type Curve = (typeof CURVES)[number];

export interface CurveAttrs {
  readonly kind: Curve;
  /** Default 0 for `rectified`, 1 for `elu`, 1/6 for `hard_sigmoid` and `hard_silu`; others have none. */
  readonly slope?: number;
  /** Of `rectified`, `hard_shrink` and `soft_shrink`; default 0. */
  readonly threshold?: number;
  /** Of `rectified`, at least the threshold; default: no limit. */
  readonly most?: number;
}

export const curve: Op<readonly [x: Tensor], CurveAttrs, Tensor> = {
  name: "curve",

  infer([x], { kind, slope = 0, threshold = 0, most = LIMITLESS }) {
    if (![slope, threshold, most].every(Number.isFinite) || most < threshold) {
      throw new UsageError(
        `curve: ${kind} takes finite numbers, the maximum not below the threshold, ` +
          `got slope ${slope}, threshold ${threshold}, maximum ${most}`,
      );
    }
    return x;
  },

  forward(rec, [x], attrs) {
    const y = rec.allocate(x.shape, "y", x.dtype);
    record(rec, { entry: "forward", attrs, bind: { x, y } });
    return { output: y, saved: x };
  },

  backward(rec, dy, x, attrs) {
    const dx = rec.allocate(dy.shape, "dx", dy.dtype);
    record(rec, { entry: "backward", attrs, bind: { x, dy, dx } });
    return [dx];
  },
};

/** The largest float32. */
const LIMITLESS = 3.4028234663852886e38;

const SLOPES: Readonly<Partial<Record<Curve, number>>> = {
  elu: 1,
  hard_sigmoid: 1 / 6,
  hard_silu: 1 / 6,
};

interface Pass {
  readonly entry: "forward" | "backward";
  readonly attrs: CurveAttrs;
  readonly bind: { readonly x: Tensor } & Readonly<Record<string, Tensor>>;
}

function record(rec: Recorder, { entry, attrs, bind }: Pass): void {
  const { kind, slope = SLOPES[kind] ?? 0, threshold = 0, most = LIMITLESS } = attrs;
  const elements = sizeOf(bind.x.shape);
  const stride = wordStride(rec, elements);
  rec.dispatch({
    op: "curve",
    kernel: kernel(kind, entry),
    grid: linearGrid(stride, 64),
    bind,
    params: { elements, stride, slope, threshold, most },
    flops: elements,
  });
}

function kernel(kind: Curve, entry: "forward" | "backward"): Kernel {
  return kernelFrom(shader, entry, { constants: { KIND: CURVES.indexOf(kind) } });
}

/** Every kernel that this file dispatches. */
export function* curveKernels(): Iterable<Kernel> {
  for (const kind of CURVES) {
    yield kernel(kind, "forward");
    yield kernel(kind, "backward");
  }
}
