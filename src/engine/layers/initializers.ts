// Initial values of variables, as Keras defines its initialisers. The numbers are ours (counter-based, keyed by seed and
// variable), because TensorFlow's streams cannot be reproduced; the distributions are Keras's.

import { uniformAt } from "../core/random.ts";
import { type Shape, sizeOf } from "../core/shape.ts";

/** Keys of a variable's random numbers. */
export interface Draw {
  readonly seed: number;
  readonly stream: number;
}

/** Where the first values of a variable come from. */
export interface Initializer {
  /** As Keras writes it in a config: `glorot_uniform`. */
  readonly name: string;
  /** Values for a shape; the same ones for the same draw. */
  values(shape: Shape, draw: Draw): Float32Array<ArrayBuffer>;
}

/** 0.8796…: the standard deviation of a unit normal that is cut at two standard deviations. */
const TRUNCATED_STDDEV = 0.87962566103423978;

/** All 0; Keras's default for biases. */
export const zeros: Initializer = constant("zeros", 0);
/** All 1. */
export const ones: Initializer = constant("ones", 1);

/** U(−L, L) with L = sqrt(6 / (fanIn + fanOut)); Keras's default for kernels. */
export const glorotUniform: Initializer = uniform("glorot_uniform", (fanIn, fanOut) =>
  Math.sqrt(6 / (fanIn + fanOut)),
);

/** U(−L, L) with L = sqrt(6 / fanIn). */
export const heUniform: Initializer = uniform("he_uniform", (fanIn) => Math.sqrt(6 / fanIn));

/** Normal cut at two standard deviations, of standard deviation sqrt(2 / fanIn) after the cut. */
export const heNormal: Initializer = truncated(
  "he_normal",
  (fanIn) => Math.sqrt(2 / fanIn) / TRUNCATED_STDDEV,
);

/** Normal of the given standard deviation (default 0.05) before it is cut at two of them. */
export function truncatedNormal(stddev = 0.05): Initializer {
  return truncated("truncated_normal", () => stddev);
}

/**
 * Fan-in and fan-out: (in, out) of a dense kernel; of a convolution kernel (KH, KW, I, O) each times the window's size.
 */
export function fansOf(shape: Shape): readonly [fanIn: number, fanOut: number] {
  const [last = 1, before = last, ...window] = shape.toReversed();
  const field = sizeOf(window);
  return [Math.max(1, before * field), Math.max(1, last * field)];
}

function constant(name: string, value: number): Initializer {
  return { name, values: (shape) => new Float32Array(sizeOf(shape)).fill(value) };
}

function uniform(name: string, limit: (fanIn: number, fanOut: number) => number): Initializer {
  return {
    name,
    values(shape, { seed, stream }) {
      const bound = limit(...fansOf(shape));
      const draw = (index: number) => (2 * uniformAt({ seed, stream, step: 0, index }) - 1) * bound;
      return Float32Array.from({ length: sizeOf(shape) }, (_, index) => draw(index));
    },
  };
}

function truncated(name: string, stddev: (fanIn: number, fanOut: number) => number): Initializer {
  return {
    name,
    values(shape, draw) {
      const scale = stddev(...fansOf(shape));
      return Float32Array.from(
        { length: sizeOf(shape) },
        (_, index) => scale * truncatedUnit(draw, index),
      );
    },
  };
}

/** A unit normal within ±2, by Box–Muller, drawn again (at the next step of the counter) while it lies outside. */
function truncatedUnit({ seed, stream }: Draw, index: number): number {
  for (let step = 0; ; step += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniformAt({ seed, stream, step, index })));
    const normal =
      radius * Math.cos(2 * Math.PI * uniformAt({ seed, stream, step: step + 1, index }));
    if (Math.abs(normal) <= 2) return normal;
  }
}
