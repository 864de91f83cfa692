// Seeded damage to a file: bits, lengths, pieces moved, and numbers that claim too much.

/** A stream of numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomStream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;
type Mutation = (bytes: Buffer, random: Random) => Buffer;

const below = (random: Random, limit: number): number => Math.floor(random() * limit);

/** What a size or an address may be turned into. */
const HUGE: readonly bigint[] = [
  2n ** 64n - 1n,
  2n ** 63n,
  2n ** 63n - 1n,
  2n ** 40n,
  2n ** 32n,
  2n ** 32n - 1n,
  2n ** 31n,
  2n ** 31n - 1n,
  2n ** 30n,
  2n ** 16n,
  1n,
  0n,
];

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  flip(bytes, random) {
    const copy = Buffer.from(bytes);
    for (let times = 1 + below(random, 4); times > 0; times--) {
      const at = below(random, copy.length);
      copy[at] = (copy[at] ?? 0) ^ (1 << below(random, 8));
    }
    return copy;
  },
  overwrite(bytes, random) {
    const copy = Buffer.from(bytes);
    const at = below(random, copy.length);
    copy[at] = below(random, 256);
    return copy;
  },
  truncate(bytes, random) {
    return bytes.subarray(0, below(random, bytes.length));
  },
  extend(bytes, random) {
    return Buffer.concat([bytes, bytes.subarray(0, below(random, bytes.length))]);
  },
  splice(bytes, random) {
    const [from, to] = [below(random, bytes.length), below(random, bytes.length)];
    const piece = bytes.subarray(from, from + 1 + below(random, 256));
    const copy = Buffer.from(bytes);
    piece.copy(copy, to);
    return copy;
  },
  remove(bytes, random) {
    const at = below(random, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(random, 64))]);
  },
  claim(bytes, random) {
    const copy = Buffer.from(bytes);
    const value = HUGE[below(random, HUGE.length)] ?? 0n;
    const width = [8, 8, 4, 2][below(random, 4)] ?? 8;
    const at = 4 * below(random, Math.floor((copy.length - width) / 4));
    for (let i = 0; i < width; i++) copy[at + i] = Number((value >> BigInt(8 * i)) & 0xffn);
    return copy;
  },
};

export const MUTATION_NAMES = Object.keys(MUTATIONS);

export function mutate(bytes: Buffer, kind: string, random: Random): Buffer {
  const mutation = MUTATIONS[kind];
  if (!mutation) throw new Error(`mutations: no such kind, got ${kind}`);
  return mutation(bytes, random);
}
