// Pictures for the examples: 16×16 in colour, each with a square, a disc, a cross or a frame. No files, the same every time.

export const SIZE = 16;
export const SHAPE = [SIZE, SIZE, 3] as const;
export const CLASSES = ["square", "disc", "cross", "frame"];

export function shapes(rows: number, seed = 1): { images: Float32Array; labels: Uint32Array } {
  const images = new Float32Array(rows * SIZE * SIZE * 3);
  const labels = Uint32Array.from({ length: rows }, (_, row) => row % CLASSES.length);
  const random = generator(seed);
  for (let row = 0; row < rows; row++) {
    const [cx, cy, radius] = [6 + 4 * random(), 6 + 4 * random(), 3 + 2 * random()];
    const colour = [0.4 + 0.6 * random(), 0.4 + 0.6 * random(), 0.4 + 0.6 * random()];
    for (let i = 0; i < SIZE * SIZE; i++) {
      const [dx, dy] = [Math.abs((i % SIZE) - cx), Math.abs(Math.floor(i / SIZE) - cy)];
      const isInside = covers(labels[row] ?? 0, dx, dy, radius);
      for (let c = 0; c < 3; c++) {
        images[(row * SIZE * SIZE + i) * 3 + c] =
          0.2 * random() + (isInside ? (colour[c] ?? 0) : 0);
      }
    }
  }
  return { images, labels };
}

function covers(label: number, dx: number, dy: number, radius: number): boolean {
  const far = Math.max(dx, dy);
  if (label === 0) return far < radius;
  if (label === 1) return dx * dx + dy * dy < radius * radius;
  if (label === 2) return far < radius && Math.min(dx, dy) < 1;
  return far < radius && far >= radius - 1.5;
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
