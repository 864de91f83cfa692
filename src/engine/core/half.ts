// Numbers of 16 bits on the host, where JavaScript has no array of them yet.

/** The numbers that such bits are, as float32, which holds them all. */
export function fromHalves(bits: Uint16Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(bits, (half) => {
    const sign = half >> 15 === 0 ? 1 : -1;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
}

const NUMBER = new Float32Array(1);
const BITS = new Uint32Array(NUMBER.buffer);

/** The bits of float32 numbers as 16 bits, rounded to the nearest, of two to the even one; what is too large is infinite. */
export function toHalves(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(values as number[], (value) => {
    NUMBER[0] = value;
    const bits = BITS[0] ?? 0;
    return ((bits >>> 16) & 0x8000) | magnitudeOf((bits >>> 23) & 255, bits & 0x7fffff);
  });
}

/** Of a float32's exponent and fraction. */
function magnitudeOf(exponent: number, fraction: number): number {
  if (exponent === 255) return fraction === 0 ? 0x7c00 : 0x7e00;
  const own = exponent - 112;
  if (own >= 31) return 0x7c00;
  // Below the normal numbers the leading one is written out, and moves down.
  const isSmall = own <= 0;
  if (own < -10) return 0;
  const whole = isSmall ? fraction | 0x800000 : fraction;
  const drop = isSmall ? 14 - own : 13;
  const kept = whole >> drop;
  const rest = whole - (kept << drop);
  const tie = 1 << (drop - 1);
  const isUp = rest > tie || (rest === tie && kept % 2 === 1);
  return ((isSmall ? 0 : own) << 10) + kept + (isUp ? 1 : 0);
}
