// Images to another size in float64, and what each pixel of theirs gets back.

import { shape4 } from "../../../engine/core/shape.ts";
import type { Dispatch } from "../../../engine/program/program.ts";
import {
  boundTo,
  chain,
  type Expected,
  entryOf,
  float,
  named,
  type Reference,
  TINY,
  UNIT,
  valuesAt,
} from "./reference.ts";

interface Axis {
  readonly size: number;
  readonly ratio: number;
  readonly isNearest: boolean;
  /** What of a pixel lies before its place: half of it, or nothing where that is its corner. */
  readonly half: number;
  /** How far the place that is read may be off, in pixels. */
  readonly blur: number;
}

interface Neighbours {
  readonly first: number;
  readonly second: number;
  readonly share: number;
}

/** Null where a rounding decides which pixel is nearest. */
function neighboursOf(
  { size, ratio, isNearest, half, blur }: Axis,
  place: number,
): Neighbours | null {
  const inside = (at: number) => Math.min(Math.max(at, 0), size - 1);
  if (isNearest) {
    const at = (place + half) * ratio;
    if (Math.abs(at - Math.round(at)) < blur && at > 0.5 && at < size - 0.5) return null;
    return { first: inside(Math.floor(at)), second: inside(Math.floor(at)), share: 0 };
  }
  const at = (place + half) * ratio - half;
  const below = Math.floor(at);
  return { first: inside(below), second: inside(below + 1), share: at - below };
}

function axesOf(dispatch: Dispatch) {
  const isNearest = dispatch.kernel.flags?.["NEAREST"] === true;
  const half = dispatch.kernel.flags?.["CORNERS"] === true ? 0 : 0.5;
  const axis = (size: number, ratio: number): Axis => ({
    ...{ size, ratio, isNearest, half, blur: 8 * UNIT * (size + 1) },
  });
  const of = (name: string) => named(dispatch.params, name);
  return {
    rows: axis(of("h"), float(dispatch, "down")),
    columns: axis(of("w"), float(dispatch, "across")),
    ...{ outHeight: of("oh"), outWidth: of("ow"), channels: of("c") },
  };
}

const forward: Reference = (task) => {
  const dispatch = entryOf(task, "forward");
  const axes = axesOf(dispatch);
  const { rows, columns } = axes;
  const x = valuesAt(task, dispatch, "x");
  const at = (index: number): Expected | null => {
    const source = sourceOf(axes, index);
    if (!source) return null;
    const { down, across, placeOf } = source;
    const read = (h: number, w: number) => x?.[placeOf(h, w)] ?? 0;
    const mixed = (a: number, b: number, share: number) => a * (1 - share) + b * share;
    const [a, b] = [read(down.first, across.first), read(down.first, across.second)];
    const [c, d] = [read(down.second, across.first), read(down.second, across.second)];
    const value = mixed(mixed(a, b, across.share), mixed(c, d, across.share), down.share);
    const largest = Math.max(...[a, b, c, d].map(Math.abs));
    const blur = rows.isNearest ? 0 : 2 * (rows.blur + columns.blur);
    return { value, error: rows.isNearest ? 0 : largest * (blur + 8 * UNIT) + TINY };
  };
  return [{ tensor: boundTo(dispatch, "y"), cost: 8, terms: 4, at }];
};

interface Scattered {
  readonly value: Float64Array;
  readonly magnitude: Float64Array;
  readonly count: Float64Array;
  /** Σ|dy| of those that may have taken the pixel, had the place that they read been a little elsewhere. */
  readonly near: Float64Array;
}

const backward: Reference = (task) => {
  const dispatch = entryOf(task, "backward");
  let known: Scattered | null = null;
  const { rows, columns } = axesOf(dispatch);
  const blur = 2 * (rows.blur + columns.blur);
  const at = (index: number): Expected | null => {
    known ??= scattered(dispatch, valuesAt(task, dispatch, "dy"));
    if (!known) return null;
    const { value, magnitude, count, near } = known;
    const sum = chain((count[index] ?? 0) + 4) * (magnitude[index] ?? 0);
    return { value: value[index] ?? 0, error: sum + blur * (near[index] ?? 0) + TINY };
  };
  const [, height, width] = shape4(boundTo(dispatch, "dy").shape, "reference");
  return [{ tensor: boundTo(dispatch, "dx"), cost: height + width, terms: 4, at }];
};

/** Which rows and columns of its image an element of y takes, and where they lie; null where a rounding decides it. */
function sourceOf(
  { rows, columns, outHeight, outWidth, channels }: ReturnType<typeof axesOf>,
  index: number,
) {
  const pixel = Math.floor(index / channels);
  const line = Math.floor(pixel / outWidth);
  const down = neighboursOf(rows, line % outHeight);
  const across = neighboursOf(columns, pixel % outWidth);
  if (!(down && across)) return null;
  const image = Math.floor(line / outHeight) * rows.size;
  const placeOf = (h: number, w: number): number =>
    ((image + h) * columns.size + w) * channels + (index % channels);
  return { down, across, placeOf };
}

/** Null where a rounding decides which pixel a place takes. */
function scattered(dispatch: Dispatch, dy: ArrayLike<number> | undefined): Scattered | null {
  const axes = axesOf(dispatch);
  const { rows, columns } = axes;
  const elements = named(dispatch.params, "elements");
  const [value, magnitude, count, near] = [0, 0, 0, 0].map(() => new Float64Array(elements)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let index = 0; index < (dy?.length ?? 0); index++) {
    const source = sourceOf(axes, index);
    if (!source) return null;
    const { down, across, placeOf } = source;
    const gradient = dy?.[index] ?? 0;
    for (const [h, byRow] of around(down, rows.size)) {
      for (const [w, byColumn] of around(across, columns.size)) {
        const to = placeOf(h, w);
        const term = byRow * byColumn * gradient;
        value[to] = (value[to] ?? 0) + term;
        magnitude[to] = (magnitude[to] ?? 0) + Math.abs(term);
        count[to] = (count[to] ?? 0) + 1;
        near[to] = (near[to] ?? 0) + Math.abs(gradient);
      }
    }
  }
  return { value, magnitude, count, near };
}

/** The two neighbours with their shares, and those beside them with none. */
function* around({ first, second, share }: Neighbours, size: number): Iterable<[number, number]> {
  for (let at = Math.max(0, first - 1); at <= Math.min(size - 1, second + 1); at++) {
    const shares = (at === first ? 1 - share : 0) + (at === second ? share : 0);
    yield [at, shares];
  }
}

export const RESIZED: Readonly<Record<string, Reference>> = {
  "resize/forward": forward,
  "resize/backward": backward,
};
