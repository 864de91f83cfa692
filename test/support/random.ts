// Seeded numbers for tests: uniform in [-1, 1), the same on every machine.

export function randomArray(length: number, seed: number): Float64Array {
  let state = (seed * 0x9e3779b9 + 1) >>> 0;
  return Float64Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}
