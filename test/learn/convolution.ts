// The convolutions of docs/learn twice: as float64 loops, and on the device by our op, on a rung of one's choice.

import type { Printed } from "../../bench/learn/chapter.ts";
import { conv2d } from "../../src/engine/ops/conv2d/conv2d.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { runOp } from "../support/run-op.ts";

interface Convolution {
  readonly x: Printed;
  readonly w: Printed;
  readonly b?: Printed;
  readonly dy?: Printed;
  readonly activation?: "linear" | "relu";
}

type Visit = (product: { readonly x: number; readonly w: number; readonly y: number }) => void;

/** Every product of the convolution, by the flat places of its factors and of the sum; one image, strides 1, no padding. */
function eachProduct(x: Printed, w: Printed, visit: Visit): void {
  const [, h = 0, width = 0, channels = 0] = x.shape;
  const [kh = 0, kw = 0, , filters = 0] = w.shape;
  const ow = width - kw + 1;
  for (let at = 0; at < (h - kh + 1) * ow; at++) {
    for (let tap = 0; tap < kh * kw * channels; tap++) {
      const row = Math.floor(at / ow) + Math.floor(tap / (kw * channels));
      const column = (at % ow) + (Math.floor(tap / channels) % kw);
      for (let o = 0; o < filters; o++) {
        const from = (row * width + column) * channels + (tap % channels);
        visit({ x: from, w: tap * filters + o, y: at * filters + o });
      }
    }
  }
}

/** y before its activation, and the gradients; in float64. */
export function convolutionLoops({ x, w, b, dy }: Convolution) {
  const [, h = 0, width = 0] = x.shape;
  const [kh = 0, kw = 0, , filters = 0] = w.shape;
  const y = Float64Array.from({ length: (h - kh + 1) * (width - kw + 1) * filters }, (_, i) => {
    return b?.values[i % filters] ?? 0;
  });
  const dx = new Float64Array(x.values.length);
  const dw = new Float64Array(w.values.length);
  const add = (sums: Float64Array, i: number, value: number) => {
    sums[i] = (sums[i] ?? 0) + value;
  };
  eachProduct(x, w, (at) => {
    const [from, weight] = [x.values[at.x] ?? 0, w.values[at.w] ?? 0];
    add(y, at.y, from * weight);
    add(dx, at.x, weight * (dy?.values[at.y] ?? 0));
    add(dw, at.w, from * (dy?.values[at.y] ?? 0));
  });
  return { y, dx, dw };
}

/** `y`, and where there is a dy, `dx`, `dw` and `db`; by our kernels. */
export function convolutionKernels({ x, w, b, dy, activation = "linear" }: Convolution) {
  const input = ({ shape, values }: Printed) => ({ shape, data: values });
  const attrs = { strides: [1, 1], padding: "valid", activation } as const;
  return runOp({
    inputs: { x: input(x), w: input(w), ...(b ? { b: input(b) } : {}) },
    ...(dy ? { dy: dy.values } : {}),
    build: (rec, of) =>
      b
        ? apply(rec, conv2d, [of("x"), of("w"), of("b")], attrs)
        : apply(rec, conv2d, [of("x"), of("w")], attrs),
  });
}
