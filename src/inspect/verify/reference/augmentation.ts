// Random changes of images, in float64, from the numbers that the formulas say are drawn.

import { pcg4d, uniformAt } from "../../../engine/core/random.ts";
import type { Dispatch } from "../../../engine/program/program.ts";
import { normalOf } from "./noise.ts";
import {
  boundTo,
  type Expected,
  entryOf,
  exactly,
  float,
  named,
  type Output,
  once,
  type Reference,
  type Task,
  UNIT,
  valuesAt,
  within,
} from "./reference.ts";

/** The k-th number that image n draws. */
function drawsOf(task: Task, dispatch: Dispatch): (n: number, k: number) => number {
  const [seed, stream] = [named(dispatch.params, "seed"), named(dispatch.params, "stream")];
  const step = valuesAt(task, dispatch, "clock")?.[0] ?? 0;
  return (n, k) => uniformAt({ seed, stream, step, index: 8 * n + k });
}

function between(dispatch: Dispatch, what: string, u: number): number {
  const [low, high] = [float(dispatch, `${what}_low`), float(dispatch, `${what}_high`)];
  return low + (high - low) * u;
}

function output(dispatch: Dispatch, at: (index: number) => Expected | null): readonly Output[] {
  return [{ tensor: boundTo(dispatch, "y"), cost: 8, terms: 4, at }];
}

/** Where a place beyond the edges is taken from; null where from nowhere. By the number that the kernel has for it. */
const FILLS: readonly ((place: number, extent: number) => number | null)[] = [
  (place, extent) => (place < 0 || place >= extent ? null : place),
  (place, extent) => Math.min(extent - 1, Math.max(0, place)),
  (place, extent) => {
    const folded = modulo(place, 2 * extent);
    return Math.min(folded, 2 * extent - 1 - folded);
  },
  (place, extent) => modulo(place, extent),
];

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

/** Where each image of a warp reads: (down, across) of a place in y. */
function sourceOf(task: Task, dispatch: Dispatch) {
  const drawn = drawsOf(task, dispatch);
  const { height = 1, width = 1, flips = 0, square = 0 } = dispatch.params;
  const [middle, centre] = [(height - 1) / 2, (width - 1) / 2];
  const motion = once((n: number) => {
    const of = (what: string, k: number) => between(dispatch, what, drawn(n, k));
    const [angle, tall] = [2 * Math.PI * of("turn", 2), of("tall", 5)];
    return {
      ...{ tall, wide: square === 1 ? tall : of("wide", 6), down: of("down", 3) },
      ...{ across: of("across", 4), sin: Math.sin(angle), cos: Math.cos(angle) },
      mirrored: (flips & 1) > 0 && drawn(n, 0) <= 0.5,
      toppled: (flips & 2) > 0 && drawn(n, (flips & 4) > 0 ? 0 : 1) <= 0.5,
    };
  });
  return (n: number, row: number, column: number) => {
    const { tall, wide, down, across, sin, cos, mirrored, toppled } = motion(n);
    const [dy, dx] = [(row - middle) * tall, (column - centre) * wide];
    const [r, q] = [middle + sin * dx + cos * dy - down, centre + cos * dx - sin * dy - across];
    return [toppled ? height - 1 - r : r, mirrored ? width - 1 - q : q] as const;
  };
}

/** A place is off by a few units of the image's size, and a value by that times what neighbours differ by. */
const warp: Reference = (task) => {
  const dispatch = entryOf(task, "warp");
  const { height = 1, width = 1, channels = 1, nearest = 0, fill = 0 } = dispatch.params;
  const values = valuesAt(task, dispatch, "x");
  const source = sourceOf(task, dispatch);
  const placeOf = FILLS[fill] ?? modulo;
  const pixel = (n: number, row: number, column: number, channel: number): number => {
    const [r, q] = [placeOf(row, height), placeOf(column, width)];
    if (r === null || q === null) return float(dispatch, "fill_value");
    return values?.[((n * height + r) * width + q) * channels + channel] ?? 0;
  };
  return output(dispatch, (index) => {
    const place = Math.floor(index / channels);
    const channel = index % channels;
    const n = Math.floor(place / width / height);
    const [r, q] = source(n, Math.floor(place / width) % height, place % width);
    if (nearest === 1) return exactly(pixel(n, Math.round(r), Math.round(q), channel));
    const [top, left] = [Math.floor(r), Math.floor(q)];
    const near = [0, 1].flatMap((a) =>
      [0, 1].map((b) => ({
        share: (1 - Math.abs(r - top - a)) * (1 - Math.abs(q - left - b)),
        value: pixel(n, top + a, left + b, channel),
      })),
    );
    const value = near.reduce((sum, { share, value: own }) => sum + share * own, 0);
    // The place may fall on the other side of a pixel, whose further neighbours then count with as little.
    const most = Math.max(1, ...near.map(({ value: own }) => Math.abs(own)));
    const far = Math.abs(r) + Math.abs(q) + height + width;
    return { value, error: 32 * UNIT * far * most };
  });
};

const contrast: Reference = (task) => {
  const dispatch = entryOf(task, "contrast");
  const { height = 1, width = 1, channels = 1 } = dispatch.params;
  const size = height * width * channels;
  const values = valuesAt(task, dispatch, "x");
  const drawn = drawsOf(task, dispatch);
  const start = (map: number) => Math.floor(map / channels) * size + (map % channels);
  const sum = (map: number, of: (value: number) => number): number => {
    let total = 0;
    for (let at = 0; at < size; at += channels) total += of(values?.[start(map) + at] ?? 0);
    return (total * channels) / size;
  };
  const mean = once((map) => sum(map, (value) => value));
  const magnitude = once((map) => sum(map, Math.abs));
  return output(dispatch, (index) => {
    const n = Math.floor(index / size);
    const map = n * channels + (index % channels);
    const [low, high] = [float(dispatch, "low"), float(dispatch, "high")];
    const factor = low + (high - low) * drawn(n, 0);
    const x = values?.[index] ?? 0;
    const y = (x - mean(map)) * factor + mean(map);
    const most = Math.abs(x) + Math.abs(mean(map));
    // Chains of a 64th of the places, and a tree of them.
    const terms = size / channels / 64 + 12;
    const error = UNIT * (1 + Math.abs(factor)) * (4 * most + terms * magnitude(map));
    return { value: clipped(dispatch, y), error };
  });
};

function clipped(dispatch: Dispatch, value: number): number {
  return Math.min(float(dispatch, "most"), Math.max(float(dispatch, "least"), value));
}

const brighten: Reference = (task) => {
  const dispatch = entryOf(task, "brighten");
  const { height = 1, width = 1, channels = 1 } = dispatch.params;
  const values = valuesAt(task, dispatch, "x");
  const drawn = drawsOf(task, dispatch);
  const [low, high] = [float(dispatch, "low"), float(dispatch, "high")];
  const range = float(dispatch, "most") - float(dispatch, "least");
  return output(dispatch, (index) => {
    const u = drawn(Math.floor(index / (height * width * channels)), 0);
    const delta = (low + (high - low) * u) * range;
    const x = values?.[index] ?? 0;
    return within(clipped(dispatch, x + delta), 6, Math.abs(x) + Math.abs(delta) + range);
  });
};

/** Normal numbers of elements, whose words come after all those of images. */
function noiseOf(task: Task, dispatch: Dispatch): (index: number) => Expected {
  const [seed, stream] = [named(dispatch.params, "seed"), named(dispatch.params, "stream")];
  const step = valuesAt(task, dispatch, "clock")?.[0] ?? 0;
  return (index) => {
    const words = pcg4d([2 ** 31 + Math.floor(index / 4), step, stream, seed]);
    return normalOf((k) => ((words[k] ?? 0) >>> 8) * 2 ** -24, index % 4);
  };
}

const erase: Reference = (task) => {
  const dispatch = entryOf(task, "erase");
  const { height = 1, width = 1, channels = 1, noise = 0 } = dispatch.params;
  const values = valuesAt(task, dispatch, "x");
  const drawn = drawsOf(task, dispatch);
  const box = once((n) => {
    const [wide, tall] = [0, 1].map((k) => Math.sqrt(between(dispatch, "area", drawn(n, k))));
    const size = [(wide ?? 0) * width, (tall ?? 0) * height] as const;
    const from = [drawn(n, 2) * (width - size[0]), drawn(n, 3) * (height - size[1])] as const;
    const [low, high] = [float(dispatch, "low"), float(dispatch, "high")];
    return { from, size, isCovered: drawn(n, 5) < low + (high - low) * drawn(n, 4) };
  });
  const most = float(dispatch, "most");
  const noiseAt = noiseOf(task, dispatch);
  return output(dispatch, (index) => {
    const place = Math.floor(index / channels);
    const { from, size, isCovered } = box(Math.floor(place / width / height));
    const at = [place % width, Math.floor(place / width) % height] as const;
    // An edge that falls on a pixel may do so by a rounding.
    const isEdge = (k: 0 | 1) =>
      [from[k], from[k] + size[k]].some((edge) => Math.abs(at[k] - edge) < 1e-4);
    if (isCovered && (isEdge(0) || isEdge(1))) return null;
    const isIn = (k: 0 | 1) => at[k] >= from[k] && at[k] < from[k] + size[k];
    if (!isCovered || !isIn(0) || !isIn(1)) return exactly(values?.[index] ?? 0);
    if (noise === 1) {
      const { value, error } = noiseAt(index);
      return { value: clipped(dispatch, value * most), error: error * most + UNIT * most };
    }
    return exactly(clipped(dispatch, float(dispatch, `fill_${Math.min(index % channels, 2)}`)));
  });
};

export const AUGMENTATION: Readonly<Record<string, Reference>> = {
  "image-warp/warp": warp,
  "image-tone/contrast": contrast,
  "image-tone/brighten": brighten,
  "image-tone/erase": erase,
};
