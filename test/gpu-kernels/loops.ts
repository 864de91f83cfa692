// What the bench's results are compared with: plain loops over row-major arrays.

import type { ConvGeometry } from "../../src/engine/ops/conv2d/problem.ts";
import type { Activation } from "../../src/engine/ops/gemm/bias-activation.ts";

export function activate(z: number, activation: Activation): number {
  if (activation === "relu") return Math.max(0, z);
  if (activation === "tanh") return Math.tanh(z);
  return activation === "sigmoid" ? 1 / (1 + Math.exp(-z)) : z;
}

export interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transA: boolean;
  readonly transB: boolean;
}

/** Σ op(a)[m, k] · op(b)[k, n]. */
export function product(extents: Product, a: Float32Array, b: Float32Array): Float64Array {
  const { m, n, k, transA, transB } = extents;
  const c = new Float64Array(m * n);
  for (let row = 0; row < m; row++) {
    for (let step = 0; step < k; step++) {
      const left = a[transA ? step * m + row : row * k + step] ?? 0;
      for (let column = 0; column < n; column++) {
        const right = b[transB ? column * k + step : step * n + column] ?? 0;
        c[row * n + column] = (c[row * n + column] ?? 0) + left * right;
      }
    }
  }
  return c;
}

/** Σ over the rows of x. */
export function columnSums(x: Float32Array, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  for (const [at, value] of x.entries()) {
    sums[at % columns] = (sums[at % columns] ?? 0) + value;
  }
  return sums;
}

/** Extents of a convolution, also one in groups with pixels between its taps. */
export type Windows = ConvGeometry & {
  readonly groups?: number;
  readonly down?: number;
  readonly across?: number;
};

/** Visits every product of a convolution: the places of its factors in x and w, and of its sum in y. */
function eachProduct(g: Windows, visit: (x: number, w: number, y: number) => void): void {
  const { groups = 1, down = 1, across = 1 } = g;
  const [inputs, outputs] = [g.i / groups, g.o / groups];
  for (let pixel = 0; pixel < g.n * g.oh * g.ow; pixel++) {
    const [n, row] = [Math.floor(pixel / (g.oh * g.ow)), Math.floor(pixel / g.ow) % g.oh];
    for (let tap = 0; tap < g.kh * g.kw; tap++) {
      const h = row * g.sh + Math.floor(tap / g.kw) * down - g.top;
      const w = (pixel % g.ow) * g.sw + (tap % g.kw) * across - g.left;
      if (h < 0 || w < 0 || h >= g.h || w >= g.w) continue;
      const from = ((n * g.h + h) * g.w + w) * g.i;
      for (let o = 0; o < g.o; o++) {
        const first = from + Math.floor(o / outputs) * inputs;
        for (let i = 0; i < inputs; i++) {
          visit(first + i, (tap * inputs + i) * g.o + o, pixel * g.o + o);
        }
      }
    }
  }
}

interface Operands {
  readonly x?: Float32Array;
  readonly w?: Float32Array;
  readonly dy?: Float32Array;
}

/** y, before bias and activation. */
export function convolution(g: Windows, { x = NONE, w = NONE }: Operands): Float64Array {
  const y = new Float64Array(g.n * g.oh * g.ow * g.o);
  eachProduct(g, (atX, atW, atY) => {
    y[atY] = (y[atY] ?? 0) + (x[atX] ?? 0) * (w[atW] ?? 0);
  });
  return y;
}

export function inputGradient(g: Windows, { dy = NONE, w = NONE }: Operands): Float64Array {
  const dx = new Float64Array(g.n * g.h * g.w * g.i);
  eachProduct(g, (atX, atW, atY) => {
    dx[atX] = (dx[atX] ?? 0) + (dy[atY] ?? 0) * (w[atW] ?? 0);
  });
  return dx;
}

export function weightGradient(g: Windows, { x = NONE, dy = NONE }: Operands): Float64Array {
  const dw = new Float64Array((g.kh * g.kw * g.i * g.o) / (g.groups ?? 1));
  eachProduct(g, (atX, atW, atY) => {
    dw[atW] = (dw[atW] ?? 0) + (x[atX] ?? 0) * (dy[atY] ?? 0);
  });
  return dw;
}

const NONE = new Float32Array();
