// The numbers that the bench computes with: small integers, whose products and sums float32 holds exactly, so that every order
// of a sum gives the same bits.

import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";
import { randomArray } from "../support/random.ts";

/** Integers from −2 to 2. */
export function integers(shape: Shape, seed: number): Float32Array {
  return Float32Array.from(randomArray(sizeOf(shape), seed), (value) => Math.round(2 * value));
}

/** Runs the work once, at the first call. */
export function once<T>(work: () => T): () => T {
  let known: { readonly value: T } | null = null;
  return () => {
    known ??= { value: work() };
    return known.value;
  };
}
