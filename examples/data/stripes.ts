// A data set that a program makes, for every command that takes --data: `vitrine train --data stripes.ts`.

import { tensorData } from "vitrine";

export const classNames = ["horizontal", "vertical"];
export const train = stripes(400, 1);
export const test = stripes(100, 2);

/** Grey 12×12 pictures of stripes two pixels wide, moved at random, with noise. */
function stripes(rows: number, seed: number) {
  const x = new Uint8Array(rows * 144);
  const y = Array.from({ length: rows }, (_, row) => row % 2);
  const next = randomFrom(seed);
  for (const [row, label] of y.entries()) {
    const moved = Math.floor(4 * next());
    for (let i = 0; i < 144; i++) {
      const along = label === 0 ? Math.floor(i / 12) : i % 12;
      const isLight = (along + moved) % 4 < 2;
      x[144 * row + i] = (isLight ? 160 : 0) + Math.floor(95 * next());
    }
  }
  return tensorData({ x, y, shape: [12, 12, 1], name: "stripes" });
}

/** Numbers from 0 to 1, the same from the same seed (Numerical Recipes' generator). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
