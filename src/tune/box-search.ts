// A minimum of a function over the unit cube by compass search: along every axis, with a step that halves when no axis
// helps. It needs no gradient, respects the bounds by itself, and converges to a stationary point of a smooth function
// (Kolda, Lewis, Torczon, SIAM Review 45, 2003). A local minimum only: start it from several points.

export interface BoxMinimum {
  readonly point: readonly number[];
  readonly value: number;
}

const FIRST_STEP = 0.25;
const LAST_STEP = 1e-4;

export function minimiseInBox(
  f: (point: readonly number[]) => number,
  start: readonly number[],
): BoxMinimum {
  let point = [...start];
  let value = f(point);
  let step = FIRST_STEP;
  while (step >= LAST_STEP) {
    const before = value;
    for (const axis of point.keys()) {
      for (const move of [step, -step]) {
        const next = moved(point, axis, move);
        const there = f(next);
        if (there >= value) continue;
        [point, value] = [next, there];
        break;
      }
    }
    if (value === before) step /= 2;
  }
  return { point, value };
}

function moved(point: readonly number[], axis: number, by: number): number[] {
  const next = [...point];
  next[axis] = Math.min(1, Math.max(0, (next[axis] ?? 0) + by));
  return next;
}
