// Pooling in float64: windows of images, and whole images. Where several cells of a window are greatest, the first takes the
// gradient; of whole images, all of them share it.

import { shape4 } from "../../../engine/core/shape.ts";
import type { Dispatch } from "../../../engine/program/program.ts";
import { activationOf, sloped } from "./activations.ts";
import {
  boundTo,
  chain,
  type Expected,
  entryOf,
  exactly,
  named,
  type Reference,
  type Task,
  TINY,
  UNIT,
  valuesAt,
  within,
} from "./reference.ts";

interface Windows {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly pool: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly before: readonly [number, number];
}

function windowsOf({ params, kernel }: Dispatch, channels: number): Windows {
  const { constants = {} } = kernel;
  return {
    height: named(params, "height"),
    width: named(params, "width"),
    channels,
    outHeight: named(params, "out_height"),
    outWidth: named(params, "out_width"),
    pool: [named(constants, "POOL_HEIGHT"), named(constants, "POOL_WIDTH")],
    stride: [named(constants, "STRIDE_HEIGHT"), named(constants, "STRIDE_WIDTH")],
    before: [named(params, "before_height"), named(params, "before_width")],
  };
}

/** Indices into x of the cells of a window (an element of y), in row-major order, without padding. */
function cellsOf(w: Windows, index: number): number[] {
  const c = index % w.channels;
  const pixel = Math.floor(index / w.channels);
  const row = Math.floor(pixel / w.outWidth);
  const [oh, n] = [row % w.outHeight, Math.floor(row / w.outHeight)];
  const [top, left] = [
    oh * w.stride[0] - w.before[0],
    (pixel % w.outWidth) * w.stride[1] - w.before[1],
  ];
  const cells: number[] = [];
  for (let h = Math.max(0, top); h < Math.min(w.height, top + w.pool[0]); h++) {
    for (let x = Math.max(0, left); x < Math.min(w.width, left + w.pool[1]); x++) {
      cells.push(((n * w.height + h) * w.width + x) * w.channels + c);
    }
  }
  return cells;
}

/** Elements of y whose windows hold a cell of x. */
function holdersOf(w: Windows, index: number): number[] {
  const c = index % w.channels;
  const pixel = Math.floor(index / w.channels);
  const row = Math.floor(pixel / w.width);
  const [h, n] = [row % w.height, Math.floor(row / w.height)];
  const holders: number[] = [];
  for (const oh of holdersAlong(h + w.before[0], w.pool[0], w.stride[0], w.outHeight)) {
    for (const ow of holdersAlong(
      (pixel % w.width) + w.before[1],
      w.pool[1],
      w.stride[1],
      w.outWidth,
    )) {
      holders.push(((n * w.outHeight + oh) * w.outWidth + ow) * w.channels + c);
    }
  }
  return holders;
}

function holdersAlong(place: number, pool: number, stride: number, windows: number): number[] {
  const holders: number[] = [];
  const last = Math.min(windows - 1, Math.floor(place / stride));
  for (let window = last; window >= 0 && window * stride + pool > place; window--) {
    holders.unshift(window);
  }
  return holders;
}

function isAverage({ kernel }: Dispatch): boolean {
  return kernel.flags?.["AVERAGE"] === true;
}

const forward: Reference = (task) => {
  const dispatch = entryOf(task, "forward");
  const x = valuesAt(task, dispatch, "x") ?? [];
  const y = boundTo(dispatch, "y");
  const windows = windowsOf(dispatch, y.shape.at(-1) ?? 1);
  const cost = windows.pool[0] * windows.pool[1];
  const at = (index: number): Expected => {
    const cells = cellsOf(windows, index).map((cell) => x[cell] ?? 0);
    if (!isAverage(dispatch)) return exactly(Math.max(...cells));
    const magnitude = cells.reduce((sum, cell) => sum + Math.abs(cell), 0) / cells.length;
    const sum = cells.reduce((total, cell) => total + cell, 0);
    return { value: sum / cells.length, error: (chain(cost) + 5 * UNIT) * magnitude + TINY };
  };
  return [{ tensor: y, cost, terms: cost, at }];
};

function alike(cells: readonly number[]): number {
  return 1 / cells.length;
}

/** 1 for the first of the greatest cells, 0 for any other; where one is NaN, none is the greatest. */
function most(x: ArrayLike<number>, cells: readonly number[], cell: number): number {
  let best = cells[0] ?? 0;
  for (const other of cells) {
    const value = x[other] ?? 0;
    if (Number.isNaN(value)) return value;
    if (value > (x[best] ?? 0)) best = other;
  }
  return best === cell ? 1 : 0;
}

function backward(entry: string): Reference {
  return (task) => {
    const dispatch = entryOf(task, entry);
    const [x, dy] = [valuesAt(task, dispatch, "x") ?? [], valuesAt(task, dispatch, "dy") ?? []];
    const dx = boundTo(dispatch, "dx");
    const windows = windowsOf(dispatch, dx.shape.at(-1) ?? 1);
    const overlap = windows.pool.map((size, axis) => Math.ceil(size / (windows.stride[axis] ?? 1)));
    const terms = Math.max(1, (overlap[0] ?? 1) * (overlap[1] ?? 1));
    const share = isAverage(dispatch)
      ? alike
      : (cells: number[], cell: number) => most(x, cells, cell);
    const shareOf = (window: number, cell: number) =>
      (dy[window] ?? 0) * share(cellsOf(windows, window), cell);
    const ofShares = (index: number): Expected => {
      const shares = holdersOf(windows, index).map((window) => shareOf(window, index));
      const value = shares.reduce((sum, share) => sum + share, 0);
      if (!isAverage(dispatch) && shares.length <= 1) return exactly(value);
      const magnitude = shares.reduce((sum, share) => sum + Math.abs(share), 0);
      return { value, error: (chain(terms) + 5 * UNIT) * magnitude + terms * TINY };
    };
    const activation = dispatch.kernel.flags?.["SLOPED"] ? activationOf(dispatch.kernel) : "linear";
    const at = (index: number): Expected => {
      const { value, error } = ofShares(index);
      const dz = sloped(value, x[index] ?? 0, activation);
      return { value: dz.value, error: dz.error + error };
    };
    return [{ tensor: dx, cost: terms * windows.pool[0] * windows.pool[1], terms, at }];
  };
}

/** Of a whole image: the places of a channel's cells. */
function image(task: Task, entry: string, name: string) {
  const dispatch = entryOf(task, entry);
  const { shape } = boundTo(dispatch, name);
  const [, height, width, channels] = shape4(shape, "reference");
  const cells = height * width;
  const first = (index: number) =>
    Math.floor(index / channels) * cells * channels + (index % channels);
  /** The element of y that a cell belongs to. */
  const owner = (cell: number) =>
    Math.floor(cell / (cells * channels)) * channels + (cell % channels);
  return { dispatch, cells, channels, first, owner };
}

const averageForward: Reference = (task) => {
  const { dispatch, cells, channels, first } = image(task, "forward", "x");
  const x = valuesAt(task, dispatch, "x") ?? [];
  const at = (index: number): Expected => {
    let [sum, magnitude] = [0, 0];
    for (let cell = 0, from = first(index); cell < cells; cell++, from += channels) {
      sum += x[from] ?? 0;
      magnitude += Math.abs(x[from] ?? 0);
    }
    return { value: sum / cells, error: ((chain(cells) + 5 * UNIT) * magnitude) / cells + TINY };
  };
  return [{ tensor: boundTo(dispatch, "y"), cost: cells, terms: cells, at }];
};

const averageBackward: Reference = (task) => {
  const { dispatch, cells, owner } = image(task, "backward", "dx");
  const dy = valuesAt(task, dispatch, "dy") ?? [];
  const at = (index: number) => within((dy[owner(index)] ?? 0) / cells, 5);
  return [{ tensor: boundTo(dispatch, "dx"), cost: 1, terms: 1, at }];
};

const maxForward: Reference = (task) => {
  const { dispatch, cells, channels, first } = image(task, "forward", "x");
  const x = valuesAt(task, dispatch, "x") ?? [];
  const at = (index: number) => {
    let best = Number.NEGATIVE_INFINITY;
    for (let cell = 0; cell < cells; cell++)
      best = Math.max(best, x[first(index) + cell * channels] ?? 0);
    return exactly(best);
  };
  return [{ tensor: boundTo(dispatch, "y"), cost: cells, terms: cells, at }];
};

const maxBackward: Reference = (task) => {
  const { dispatch, cells, channels, first, owner } = image(task, "backward", "dx");
  const [x, top, dy] = ["x", "top", "dy"].map((name) => valuesAt(task, dispatch, name));
  const at = (index: number) => {
    const y = owner(index);
    if (x?.[index] !== top?.[y]) return exactly(0);
    let ties = 0;
    for (let cell = 0; cell < cells; cell++)
      if (x?.[first(y) + cell * channels] === top?.[y]) ties++;
    return within((dy?.[y] ?? 0) / ties, 5);
  };
  return [{ tensor: boundTo(dispatch, "dx"), cost: cells, terms: 1, at }];
};

export const POOLING: Readonly<Record<string, Reference>> = {
  "pool/pool2d/forward": forward,
  "pool/pool2d/backward_tiles": backward("backward_tiles"),
  "pool/pool2d/backward_cells": backward("backward_cells"),
  "pool/global-average-pool2d/forward": averageForward,
  "pool/global-average-pool2d/backward": averageBackward,
  "pool/global-max-pool2d/forward": maxForward,
  "pool/global-max-pool2d/backward": maxBackward,
};
