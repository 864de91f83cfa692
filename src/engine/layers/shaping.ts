// Layers without variables that change the shape or the values of a tensor: Keras's Flatten, ZeroPadding2D, Activation,
// Dropout and Add.

import { ShapeError, VitrineError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { batchNormalization, inferenceNormalization } from "../ops/batch-normalization.ts";
import { dropout as dropoutOp } from "../ops/dropout.ts";
import { reshape } from "../ops/reshape.ts";
import { zeroPadding as zeroPaddingOp } from "../ops/zero-padding.ts";
import { apply } from "../program/tape.ts";
import { type ActivationOption, activationConfig, recordActivation } from "./activation-names.ts";
import { mergeBranches } from "./merging.ts";
import { type Layer, layerOf, type Net } from "./net.ts";
import type { Pair } from "./pair.ts";

interface Named {
  readonly name?: string;
}

/** (N, …) -> (N, all the rest), row-major. */
export function flatten(config: Named = {}): Layer {
  return layerOf({ className: "Flatten", name: config.name }, (net, x) => {
    const [rows = 1, ...rest] = x.shape;
    return apply(net.rec, reshape, [x], { shape: [rows, sizeOf(rest)] });
  });
}

/** `padding`: rows and columns of zeros on every side, or ((top, bottom), (left, right)). */
export function zeroPadding2d(
  config: Named & { readonly padding: number | readonly [Pair, Pair] },
): Layer {
  const { padding, name } = config;
  const [down, across] = typeof padding === "number" ? [padding, padding] : padding;
  const sides = (pair: Pair) => (typeof pair === "number" ? ([pair, pair] as const) : pair);
  const attrs = { padding: [sides(down), sides(across)] as const };
  return layerOf({ className: "ZeroPadding2D", name, config: attrs }, (net, x) =>
    apply(net.rec, zeroPaddingOp, [x], attrs),
  );
}

/** An activation as a layer of its own, element by element: Keras's Activation. */
export function activation(config: Named & { readonly activation: ActivationOption }): Layer {
  const { activation: kind, name } = config;
  const keras = { activation: activationConfig(kind) };
  return layerOf({ className: "Activation", name, config: keras }, (net, x) => {
    // One pass instead of two: what normalises is recorded again, here with the activation, and where nobody else reads
    // the first it drops out. The dispatch then belongs to this layer, and does the other's work.
    const before = kind === "relu" ? inferenceNormalization(net.rec, x) : null;
    if (!before) return recordActivation(net.rec, x, kind);
    const attrs = { ...before.attrs, relu: true };
    return net.rec.folding(before.layers, () =>
      apply(net.rec, batchNormalization, before.inputs, attrs),
    );
  });
}

/** Drops elements with probability `rate` while training, and scales the others by 1/(1 − rate). */
export function dropout(config: Named & { readonly rate: number }): Layer {
  const { rate, name } = config;
  if (!(rate >= 0 && rate < 1))
    throw new ShapeError(`dropout: the rate lies in [0, 1), got ${rate}`);
  return layerOf({ className: "Dropout", name, config: { rate } }, (net, x) => {
    if (!net.training || rate === 0) return apply(net.rec, reshape, [x], { shape: x.shape });
    if (!net.clock) throw new VitrineError("dropout: training needs a clock");
    const attrs = { rate, seed: net.variables.seed, stream: net.stream };
    return apply(net.rec, dropoutOp, [x, net.clock], attrs);
  });
}

/** The sum of two branches: a residual connection. */
export function addBranches(
  net: Net,
  branches: readonly [Tensor, Tensor],
  config: Named = {},
): Tensor {
  return mergeBranches(net, branches, { className: "Add", ...config });
}
