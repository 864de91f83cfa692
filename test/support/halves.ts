// Numbers of 16 bits for tests, rounded to the nearest and of two to the even one, as IEEE 754 has it.

import { fromHalves } from "../../src/engine/core/half.ts";

const ALL = fromHalves(Uint16Array.from({ length: 0x7c01 }, (_, bits) => bits));

/** The bits of each number. */
export function toHalves(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(values as number[], (value) => {
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    return Number.isNaN(value) ? 0x7e00 : sign | nearest(Math.abs(value));
  });
}

/** Each number as it is once it is stored so. */
export function halved(values: ArrayLike<number>): Float32Array<ArrayBuffer> {
  return fromHalves(toHalves(values));
}

/** Of a number from 0; bits of numbers from 0 are in the order of the numbers. */
function nearest(value: number): number {
  let [low, high] = [0, 0x7c00];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((ALL[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  if (low === 0x7c00) return low;
  // What lies beyond the largest is infinite from half a step on.
  const next = low === 0x7bff ? 65536 : (ALL[low + 1] ?? 0);
  const [below, above] = [value - (ALL[low] ?? 0), next - value];
  return above < below || (above === below && low % 2 === 1) ? low + 1 : low;
}
