// Shapes that kernels go wrong at: extents of 1, primes, whole words, more than a tile and less than one; windows of 1 to 7, strides,
// both paddings and one by hand. What edited kernels are tried on, and all rungs on emulated adapters.

import type { GroupedConv2dAttrs } from "../../engine/ops/conv2d/grouped-problem.ts";
import type { Conv2dAttrs } from "../../engine/ops/conv2d/problem.ts";
import type { Activation } from "../../engine/ops/gemm/bias-activation.ts";

/** m, n, k of a matrix product. */
export type GemmExtents = readonly [m: number, n: number, k: number];

/** A convolution. */
export interface ConvShape {
  readonly x: readonly [n: number, h: number, w: number, i: number];
  readonly k: readonly [down: number, across: number];
  readonly o: number;
  readonly strides?: readonly [number, number];
  readonly padding?: Conv2dAttrs["padding"];
  /** Of the forward pass, with a bias; default linear without one. */
  readonly activation?: Activation;
}

/** For those in a hurry. */
export const FEW_GEMMS: readonly GemmExtents[] = [
  [7, 5, 3],
  [67, 68, 37],
  [132, 65, 64],
  [3, 131, 521],
];
export const AWKWARD_GEMMS: readonly GemmExtents[] = [
  ...FEW_GEMMS,
  [1, 1, 1],
  [1, 257, 16],
  [64, 64, 16],
  [65, 4, 1],
  [29, 1, 263],
  [17, 36, 1031],
  [128, 200, 96],
  [193, 131, 67],
];

const AROUND = [
  [1, 0],
  [2, 3],
] as const;

export const FEW_CONVS: readonly ConvShape[] = [
  { x: [2, 7, 6, 3], k: [3, 3], o: 5, strides: [2, 2], padding: "same", activation: "relu" },
  { x: [3, 5, 7, 4], k: [3, 3], o: 36, padding: "same", activation: "linear" },
  { x: [1, 13, 11, 68], k: [1, 1], o: 36, activation: "relu" },
  { x: [29, 2, 2, 8], k: [3, 3], o: 12, padding: "same", activation: "relu" },
];
export const AWKWARD_CONVS: readonly ConvShape[] = [
  ...FEW_CONVS,
  { x: [2, 9, 11, 8], k: [5, 5], o: 12 },
  { x: [5, 8, 9, 20], k: [3, 3], o: 52, strides: [2, 2], padding: "same" },
  { x: [1, 1, 1, 1], k: [1, 1], o: 1 },
  { x: [1, 7, 5, 3], k: [5, 5], o: 6, activation: "tanh" },
  { x: [3, 4, 6, 5], k: [1, 1], o: 3, activation: "sigmoid" },
  { x: [2, 5, 4, 6], k: [2, 4], o: 5, padding: "same" },
  { x: [1, 6, 8, 2], k: [5, 3], o: 3, strides: [3, 1], padding: "same" },
  { x: [1, 9, 7, 1], k: [1, 1], o: 2, strides: [2, 3] },
  { x: [2, 4, 5, 4], k: [3, 4], o: 4, padding: AROUND, strides: [2, 1] },
  { x: [2, 5, 6, 3], k: [3, 4], o: 2, padding: AROUND },
  { x: [17, 2, 2, 4], k: [3, 3], o: 4, padding: "same" },
  { x: [2, 1, 1, 8], k: [3, 3], o: 12, padding: "same", activation: "sigmoid" },
  { x: [2, 5, 3, 8], k: [3, 3], o: 4, padding: "same", activation: "tanh" },
  { x: [2, 13, 14, 16], k: [3, 3], o: 20, activation: "relu" },
  { x: [3, 12, 10, 33], k: [3, 3], o: 17, padding: "same", activation: "relu" },
  { x: [2, 15, 17, 6], k: [5, 5], o: 16, padding: "same" },
  { x: [1, 19, 23, 3], k: [7, 7], o: 17, strides: [2, 2], padding: "same" },
  { x: [2, 9, 11, 33], k: [3, 5], o: 20 },
  { x: [2, 3, 20, 2], k: [2, 13], o: 3, padding: "same" },
  { x: [7, 4, 4, 64], k: [3, 3], o: 72, padding: "same", activation: "linear" },
  { x: [2, 8, 8, 132], k: [1, 1], o: 4 },
  { x: [2, 7, 9, 36], k: [1, 1], o: 40, strides: [2, 2] },
  { x: [9, 21, 19, 4], k: [3, 3], o: 8, padding: "same" },
];

/** A convolution with groups. */
export interface GroupedShape
  extends Pick<ConvShape, "x" | "k" | "o">,
    Pick<Partial<GroupedConv2dAttrs>, "strides" | "padding" | "dilation"> {
  readonly groups: number;
}

export const FEW_GROUPED: readonly GroupedShape[] = [
  { x: [3, 9, 7, 12], k: [3, 3], o: 12, groups: 12, padding: "same" },
  { x: [2, 11, 10, 4], k: [3, 3], o: 4, groups: 4, strides: [2, 2], padding: "same" },
  { x: [2, 7, 5, 6], k: [3, 3], o: 9, groups: 3, padding: "same" },
];
export const AWKWARD_GROUPED: readonly GroupedShape[] = [
  ...FEW_GROUPED,
  { x: [5, 1, 1, 8], k: [1, 1], o: 8, groups: 8 },
  { x: [2, 8, 13, 20], k: [7, 5], o: 20, groups: 20 },
  { x: [7, 6, 5, 68], k: [5, 3], o: 68, groups: 68, strides: [2, 2] },
  { x: [2, 29, 4, 8], k: [3, 3], o: 8, groups: 8, padding: "same" },
  { x: [1, 9, 8, 8], k: [1, 2], o: 8, groups: 8, strides: [2, 1], padding: "same" },
  { x: [3, 1, 19, 4], k: [4, 3], o: 4, groups: 4, strides: [1, 2], padding: "same" },
  { x: [3, 9, 8, 4], k: [3, 2], o: 5, groups: 1, dilation: [2, 3] },
  { x: [2, 6, 7, 5], k: [3, 3], o: 5, groups: 5, strides: [2, 2], padding: "same" },
  { x: [2, 6, 7, 4], k: [3, 3], o: 8, groups: 4 },
  { x: [1, 19, 9, 4], k: [9, 2], o: 4, groups: 4 },
  { x: [33, 3, 3, 8], k: [2, 2], o: 16, groups: 4 },
];
