// What the ladders solve, as float64 sums of products: matrix products, convolutions and both of their gradients.

import { sizeOf } from "../../../engine/core/shape.ts";
import type { Tensor } from "../../../engine/core/tensor.ts";
import type {
  ConvGeometry,
  ForwardProblem,
  InputGradientProblem,
  WeightGradientProblem,
} from "../../../engine/ops/conv2d/problem.ts";
import type { GemmInto } from "../../../engine/ops/gemm/gemm.ts";
import type { Solution } from "../../../engine/program/program.ts";
import type { Values } from "../../walk.ts";
import { activate, activatedError, sloped } from "./activations.ts";
import { groupedProductOf } from "./grouped.ts";
import type { Product } from "./product.ts";
import { chain, type Expected, type Output, storedBeside, TINY, UNIT } from "./reference.ts";

/** Null for a ladder that has none. */
export function productOf(solution: Solution): Product | null {
  const { ladder, problem } = solution;
  if (ladder === "gemm") return gemmProduct(problem as GemmProblem);
  if (ladder === "conv2d.forward") return forwardProduct(problem as ForwardProblem);
  if (ladder === "conv2d.dx") return inputGradientProduct(problem as InputGradientProblem);
  if (ladder === "conv2d.dw") return weightGradientProduct(problem as WeightGradientProblem);
  return groupedProductOf(solution);
}

/** All that is computed, each by itself. */
export function resultsOf(product: Product): readonly Product[] {
  return [product, ...(product.beside ?? [])];
}

/** The product in float64. */
export function outputOf(product: Product, values: (tensor: Tensor) => Values): Output {
  const { out, terms, activation, slope } = product;
  return {
    tensor: out,
    cost: terms,
    terms,
    at(index) {
      const { sum, magnitude } = product.sum(index, values);
      if (slope) {
        const { value } = sloped(sum, values(slope.y)[index] ?? 0, slope.activation);
        return { value, error: errorOf(product, magnitude) };
      }
      return { value: activate(sum, activation), error: errorOf(product, magnitude) };
    },
  };
}

/** What a float32 result may be off by, given Σ|a·b| of the element. */
export function errorOf({ terms, activation, slope }: Product, magnitude: number): number {
  // No slope is steeper than 1; those of curves are computed with four roundings.
  const sum = chain(terms + 1) * magnitude + (slope ? 4 * UNIT * magnitude : 0);
  return activatedError(sum + terms * TINY, activation);
}

/** Against a result in float32 that may be off by as much. */
export function expectedBeside(
  product: Product,
  value: number,
  magnitude: number,
): Expected | null {
  return storedBeside({ value, error: 2 * errorOf(product, magnitude) }, product.out.dtype);
}

interface GemmProblem {
  readonly request: GemmInto;
  readonly c: Tensor;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly parts?: number;
}

function gemmProduct({ request, c, m, n, k, parts = 1 }: GemmProblem): Product {
  const { a, b, bias = null, activation = "linear", transA = false, transB = false } = request;
  const { slope = null, sums = null, residual = null } = request;
  const [rowStep, aStep] = transA ? [1, m] : [k, 1];
  const [columnStep, bStep] = transB ? [k, 1] : [1, n];
  const length = k / parts;
  return {
    out: c,
    inputs: [
      a,
      b,
      ...(bias ? [bias] : []),
      ...(slope ? [slope.y] : []),
      ...(residual ? [residual] : []),
    ],
    slope,
    beside: sums ? [columnSums(b, sums)] : [],
    terms: length + (bias ? 1 : 0) + (residual ? 1 : 0),
    activation,
    sum(index, values) {
      const [left, right] = [values(a), values(b)];
      const column = index % n;
      const offset = bias ? (values(bias)[column] ?? 0) : 0;
      const added = residual ? (values(residual)[index] ?? 0) : 0;
      let [sum, magnitude] = [offset + added, Math.abs(offset) + Math.abs(added)];
      const first = (Math.floor(index / n) % parts) * length;
      let atA = Math.floor(index / (n * parts)) * rowStep + first * aStep;
      let atB = column * columnStep + first * bStep;
      for (let step = 0; step < length; step++, atA += aStep, atB += bStep) {
        const term = (left[atA] ?? 0) * (right[atB] ?? 0);
        sum += term;
        magnitude += Math.abs(term);
      }
      return { sum, magnitude };
    },
  };
}

/** out[c] = Σ x[…, c]. */
function columnSums(x: Tensor, out: Tensor): Product {
  const columns = sizeOf(out.shape);
  return {
    ...{ out, inputs: [x], activation: "linear" },
    terms: sizeOf(x.shape) / columns,
    sum(column, values) {
      const from = values(x);
      let [sum, magnitude] = [0, 0];
      for (let at = column; at < from.length; at += columns) {
        sum += from[at] ?? 0;
        magnitude += Math.abs(from[at] ?? 0);
      }
      return { sum, magnitude };
    },
  };
}

/** The product of two rows that lie somewhere, each with a step from one element to the next. */
class Rows {
  sum = 0;
  magnitude = 0;
  readonly #a: Values;
  readonly #b: Values;

  constructor(a: Values, b: Values, start = 0) {
    this.#a = a;
    this.#b = b;
    this.sum = start;
    this.magnitude = Math.abs(start);
  }

  /** `a` with a step of 1. */
  add(a: number, b: number, { length, step }: { length: number; step: number }): void {
    for (let i = 0; i < length; i++) {
      const term = (this.#a[a + i] ?? 0) * (this.#b[b + i * step] ?? 0);
      this.sum += term;
      this.magnitude += Math.abs(term);
    }
  }
}

function forwardProduct({ geometry: g, x, w, b, y, activation }: ForwardProblem): Product {
  return {
    out: y,
    inputs: [x, w, ...(b ? [b] : [])],
    terms: g.kh * g.kw * g.i + (b ? 1 : 0),
    activation,
    sum(index, values) {
      const o = index % g.o;
      const [n, oh, ow] = positionOf(Math.floor(index / g.o), g.oh, g.ow);
      const rows = new Rows(values(x), values(w), b ? (values(b)[o] ?? 0) : 0);
      const along = { length: g.i, step: g.o };
      for (let kh = 0; kh < g.kh; kh++) {
        const h = oh * g.sh + kh - g.top;
        if (h < 0 || h >= g.h) continue;
        for (let kw = 0; kw < g.kw; kw++) {
          const column = ow * g.sw + kw - g.left;
          if (column < 0 || column >= g.w) continue;
          const tap = (kh * g.kw + kw) * g.i * g.o + o;
          rows.add(((n * g.h + h) * g.w + column) * g.i, tap, along);
        }
      }
      return rows;
    },
  };
}

function inputGradientProduct({ geometry: g, dy, w, dx }: InputGradientProblem): Product {
  return {
    out: dx,
    inputs: [dy, w],
    terms: g.kh * g.kw * g.o,
    activation: "linear",
    sum(index, values) {
      const i = index % g.i;
      const [n, h, column] = positionOf(Math.floor(index / g.i), g.h, g.w);
      const rows = new Rows(values(dy), values(w));
      for (let kh = 0; kh < g.kh; kh++) {
        const oh = windowAt(h + g.top - kh, g.sh, g.oh);
        if (oh === null) continue;
        for (let kw = 0; kw < g.kw; kw++) {
          const ow = windowAt(column + g.left - kw, g.sw, g.ow);
          if (ow === null) continue;
          const tap = ((kh * g.kw + kw) * g.i + i) * g.o;
          rows.add(((n * g.oh + oh) * g.ow + ow) * g.o, tap, { length: g.o, step: 1 });
        }
      }
      return rows;
    },
  };
}

/** The window that begins at this place; null where none does. */
function windowAt(place: number, stride: number, windows: number): number | null {
  const window = place / stride;
  return Number.isInteger(window) && window >= 0 && window < windows ? window : null;
}

function weightGradientProduct({ geometry: g, x, dy, dw, db }: WeightGradientProblem): Product {
  return {
    out: dw,
    beside: db ? [columnSums(dy, db)] : [],
    inputs: [x, dy],
    terms: g.n * g.oh * g.ow,
    activation: "linear",
    sum(index, values) {
      const [kh, kw, i] = tapOf(Math.floor(index / g.o), g);
      const rows = new Rows(values(x), values(dy));
      const one = { length: 1, step: 1 };
      for (let line = 0; line < g.n * g.oh; line++) {
        const h = (line % g.oh) * g.sh + kh - g.top;
        if (h < 0 || h >= g.h) continue;
        const from = (Math.floor(line / g.oh) * g.h + h) * g.w;
        for (let ow = 0; ow < g.ow; ow++) {
          const column = ow * g.sw + kw - g.left;
          if (column < 0 || column >= g.w) continue;
          rows.add((from + column) * g.i + i, (line * g.ow + ow) * g.o + (index % g.o), one);
        }
      }
      return rows;
    },
  };
}

/** Image, row and column of a pixel. */
function positionOf(pixel: number, height: number, width: number) {
  const row = Math.floor(pixel / width);
  return [Math.floor(row / height), row % height, pixel % width] as const;
}

function tapOf(tap: number, { kw, i }: ConvGeometry) {
  const window = Math.floor(tap / i);
  return [Math.floor(window / kw), window % kw, tap % i] as const;
}

/** Elements of the result. */
export function elementsOf({ out }: Product): number {
  return sizeOf(out.shape);
}
