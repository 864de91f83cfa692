// NumPy's legacy RandomState (MT19937), bit for bit, so that splits and tuner trials equal those of
// the Python libraries. Not for the device: weights, dropout and shuffles of a training run use the
// engine's counter-based generator.
import { UsageError } from "../engine/core/errors.ts";

const N = 624;
const M = 397;
const TWO_32 = 2 ** 32;

/**
 * `new RandomState(42)` is `numpy.random.RandomState(42)`, `new RandomState([42])` is
 * `RandomState([42])`. Seeds are whole numbers in [0, 2³²); an array seeds by init_by_array.
 * Source: numpy 1.24 `_legacy` and `mt19937.c`.
 */
export class RandomState {
  readonly #key = new Uint32Array(N);
  #position = N;
  #nextNormal: number | undefined;

  constructor(seed: number | readonly number[]) {
    const words = typeof seed === "number" ? [seed] : seed;
    if (words.length === 0 || !words.every(isUint32)) {
      throw new UsageError(`seed: must be whole numbers from 0 to 4294967295, got ${words}`);
    }
    if (typeof seed === "number") this.#seedByNumber(seed);
    else this.#seedByArray(seed);
  }

  #seedByNumber(seed: number): void {
    const key = this.#key;
    let previous = seed >>> 0;
    key[0] = previous;
    for (let i = 1; i < N; i++) {
      previous = (Math.imul(1812433253, previous ^ (previous >>> 30)) + i) >>> 0;
      key[i] = previous;
    }
  }

  #seedByArray(words: readonly number[]): void {
    this.#seedByNumber(19650218);
    const key = this.#key;
    let i = 1;
    const mix = (multiplier: number, addend: number): void => {
      const previous = at(key, i - 1);
      key[i] = (at(key, i) ^ Math.imul(previous ^ (previous >>> 30), multiplier)) + addend;
      i += 1;
      if (i === N) {
        key[0] = at(key, N - 1);
        i = 1;
      }
    };
    for (let k = 0; k < Math.max(N, words.length); k++) {
      const j = k % words.length;
      mix(1664525, (words[j] ?? 0) + j);
    }
    for (let k = 1; k < N; k++) mix(1566083941, -i);
    key[0] = 0x80000000;
  }

  #twist(): void {
    const key = this.#key;
    for (let i = 0; i < N; i++) {
      const y = (at(key, i) & 0x80000000) | (at(key, (i + 1) % N) & 0x7fffffff);
      key[i] = at(key, (i + M) % N) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#position = 0;
  }

  /** The next raw word, in [0, 2³²). */
  u32(): number {
    if (this.#position === N) this.#twist();
    let y = at(this.#key, this.#position++);
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** A double in [0, 1) with 53 random bits: `random_sample()`, and Python's `random()`. */
  random(): number {
    const high = this.u32() >>> 5;
    const low = this.u32() >>> 6;
    return (high * 67108864 + low) / 2 ** 53;
  }

  /** A whole number in [0, max], by masked rejection; draws nothing when max is 0. */
  interval(max: number): number {
    if (!isUint32(max)) {
      throw new UsageError(`interval: max must be a whole number below 4294967296, got ${max}`);
    }
    if (max === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(max);
    let value = (this.u32() & mask) >>> 0;
    while (value > max) value = (this.u32() & mask) >>> 0;
    return value;
  }

  /** Fisher-Yates from the end, in place. */
  shuffle(items: Uint32Array | number[]): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.interval(i);
      const kept = items[i] ?? 0;
      items[i] = items[j] ?? 0;
      items[j] = kept;
    }
  }

  /** A shuffled 0 … n−1, or a shuffled copy of the items. */
  permutation(of: number | ArrayLike<number>): Uint32Array {
    const items =
      typeof of === "number" ? Uint32Array.from({ length: of }, (_, i) => i) : Uint32Array.from(of);
    this.shuffle(items);
    return items;
  }

  /**
   * `choice(of, size, replace=False)`; draws a whole permutation whatever the size, as NumPy does.
   */
  choice(of: number | ArrayLike<number>, size: number): Uint32Array {
    const count = typeof of === "number" ? of : of.length;
    if (size > count) {
      throw new UsageError(
        `choice: cannot take more items than there are, got ${size} of ${count}`,
      );
    }
    const order = this.permutation(count).subarray(0, size);
    return typeof of === "number" ? order : order.map((i) => of[i] ?? 0);
  }

  /** A whole number in [low, high). */
  randint(low: number, high: number): number {
    if (!(high > low)) throw new UsageError(`randint: needs low < high, got ${low} and ${high}`);
    return low + this.interval(high - low - 1);
  }

  /** A double in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * this.random();
  }

  /** N(0, 1) by the polar method; pairs, so every second call draws nothing. */
  standardNormal(): number {
    if (this.#nextNormal !== undefined) {
      const normal = this.#nextNormal;
      this.#nextNormal = undefined;
      return normal;
    }
    let [x1, x2, r2] = [0, 0, 0];
    do {
      x1 = 2 * this.random() - 1;
      x2 = 2 * this.random() - 1;
      r2 = x1 * x1 + x2 * x2;
    } while (r2 >= 1 || r2 === 0);
    const f = Math.sqrt((-2 * Math.log(r2)) / r2);
    this.#nextNormal = f * x1;
    return f * x2;
  }
}

/**
 * Python's `random.Random(seed)` for a whole number: the same twister, seeded by the absolute
 * value's 32-bit words. Only `random()` of the result is Python's; its `shuffle` and `choice` are
 * NumPy's.
 */
export function pythonRandom(seed: number): RandomState {
  if (!Number.isSafeInteger(seed))
    throw new UsageError(`seed: must be a whole number, got ${seed}`);
  const size = Math.abs(seed);
  const high = Math.floor(size / TWO_32);
  return new RandomState(high === 0 ? [size] : [size % TWO_32, high]);
}

function isUint32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < TWO_32;
}

function at(words: Uint32Array, i: number): number {
  return words[i] ?? 0;
}
