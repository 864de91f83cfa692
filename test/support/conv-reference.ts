// 2-D convolution with bias and activation in float64: plain loops, the truth that the op's tests compare with.

import type { ConvGeometry } from "../../src/engine/ops/conv2d/problem.ts";
import type { Activation } from "../../src/engine/ops/gemm/bias-activation.ts";

interface Inputs {
  readonly x: Float64Array;
  readonly w: Float64Array;
  readonly b?: Float64Array;
}

export function convReference(geometry: ConvGeometry, activation: Activation) {
  const { n, oh, ow, o } = geometry;
  return ({ x, w, b }: Inputs): Float64Array => {
    const y = new Float64Array(n * oh * ow * o);
    for (let index = 0; index < y.length; index++) {
      const channel = index % o;
      const position = Math.floor(index / o);
      const z = (b?.[channel] ?? 0) + windowSum(geometry, { x, w }, position, channel);
      y[index] = activate(z, activation);
    }
    return y;
  };
}

function windowSum(g: ConvGeometry, { x, w }: Inputs, position: number, o: number): number {
  const column = (position % g.ow) * g.sw - g.left;
  const row = (Math.floor(position / g.ow) % g.oh) * g.sh - g.top;
  const n = Math.floor(position / (g.ow * g.oh));
  let sum = 0;
  for (let kh = 0; kh < g.kh; kh++) {
    for (let kw = 0; kw < g.kw; kw++) {
      if (row + kh < 0 || row + kh >= g.h || column + kw < 0 || column + kw >= g.w) continue;
      const from = ((n * g.h + row + kh) * g.w + column + kw) * g.i;
      for (let i = 0; i < g.i; i++) {
        sum += (x[from + i] ?? 0) * (w[((kh * g.kw + kw) * g.i + i) * g.o + o] ?? 0);
      }
    }
  }
  return sum;
}

function activate(z: number, activation: Activation): number {
  if (activation === "relu") return Math.max(0, z);
  if (activation === "tanh") return Math.tanh(z);
  return activation === "sigmoid" ? 1 / (1 + Math.exp(-z)) : z;
}
