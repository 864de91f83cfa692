// Counter-based random numbers: every number is a pure function of what it is for, so nothing has to be stored, sent to
// the device or replayed in order. Shaders carry the same function (lib/random.wgsl); the two agree bit for bit.

type Words = readonly [number, number, number, number];

/**
 * The hash pcg4d of four u32 to four u32. Source: Jarzynski and Olano, Hash Functions for GPU Rendering, Journal of
 * Computer Graphics Techniques 9 (3), 2020.
 */
export function pcg4d([a, b, c, d]: Words): Words {
  let [x, y, z, w] = [advance(a), advance(b), advance(c), advance(d)];
  x += Math.imul(y, w);
  y += Math.imul(z, x);
  z += Math.imul(x, y);
  w += Math.imul(y, z);
  x ^= x >>> 16;
  y ^= y >>> 16;
  z ^= z >>> 16;
  w ^= w >>> 16;
  x += Math.imul(y, w);
  y += Math.imul(z, x);
  z += Math.imul(x, y);
  w += Math.imul(y, z);
  return [x >>> 0, y >>> 0, z >>> 0, w >>> 0];
}

function advance(word: number): number {
  return (Math.imul(word, 1664525) + 1013904223) | 0;
}

/** What a random number is for; each an integer, taken modulo 2^32. */
export interface Counter {
  readonly seed: number;
  /** Who draws: a layer, a variable. */
  readonly stream: number;
  readonly step: number;
  readonly index: number;
}

/**
 * A number in [0, 1), a multiple of 2^−24 and so exact in float32: the upper bits of word `index mod 4` of
 * pcg4d(⌊index / 4⌋, step, stream, seed). One hash serves four neighbours, which a shader handles as one vec4.
 */
export function uniformAt({ seed, stream, step, index }: Counter): number {
  const words = pcg4d([index >>> 2, step, stream, seed]);
  return ((words[index & 3] ?? 0) >>> 8) * 2 ** -24;
}
