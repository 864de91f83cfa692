// A sum of products in float64, as the references of ladders give it.

import type { Tensor } from "../../../engine/core/tensor.ts";
import type { Activation, Slope } from "../../../engine/ops/gemm/bias-activation.ts";
import type { Values } from "../../walk.ts";

/** A result whose elements are sums of products, with a bias and an activation where there are any. */
export interface Product {
  readonly out: Tensor;
  /** Every tensor of the problem but the result. */
  readonly inputs: readonly Tensor[];
  /** Products that an element sums at most, and the bias. */
  readonly terms: number;
  readonly activation: Activation;
  /** What the result is multiplied by at last; default: nothing. */
  readonly slope?: Slope | null;
  /** What is computed beside it. */
  readonly beside?: readonly Product[];
  /** The sum of an element, and that of the magnitudes of its terms. */
  sum(index: number, values: (tensor: Tensor) => Values): Sum;
}

export interface Sum {
  readonly sum: number;
  readonly magnitude: number;
}
