// Convolutions with groups and dilation, and their gradients, in float64; depthwise where there are as many groups as channels.

import type {
  GroupedForward,
  GroupedGeometry,
  GroupedInputGradient,
  GroupedWeightGradient,
} from "../../../engine/ops/conv2d/grouped-problem.ts";
import type { Solution } from "../../../engine/program/program.ts";
import type { Product } from "./product.ts";

/** One axis of the windows: extents, steps from window to window and from tap to tap, and zeros before the first pixel. */
interface Axis {
  readonly taps: number;
  readonly size: number;
  readonly out: number;
  readonly stride: number;
  readonly apart: number;
  readonly before: number;
}

/** Null for a ladder that this file does not know. */
export function groupedProductOf({ ladder, problem }: Solution): Product | null {
  if (ladder === "grouped-conv2d.forward") return forward(problem as GroupedForward);
  if (ladder === "grouped-conv2d.dx") return inputGradient(problem as GroupedInputGradient);
  return ladder === "grouped-conv2d.dw" ? weightGradient(problem as GroupedWeightGradient) : null;
}

function axesOf(g: GroupedGeometry): { readonly rows: Axis; readonly columns: Axis } {
  return {
    rows: {
      ...{ taps: g.kh, size: g.h, out: g.oh, stride: g.sh },
      ...{ apart: g.down, before: g.top },
    },
    columns: {
      ...{ taps: g.kw, size: g.w, out: g.ow, stride: g.sw },
      ...{ apart: g.across, before: g.left },
    },
  };
}

/** The pixel that a tap of a window sees; null in the padding. */
function pixelAt({ stride, apart, before, size }: Axis, window: number, tap: number) {
  const pixel = window * stride + tap * apart - before;
  return pixel >= 0 && pixel < size ? pixel : null;
}

/** The window whose tap sees the pixel; null where none does. */
function windowAt({ stride, apart, before, out }: Axis, pixel: number, tap: number) {
  const window = (pixel + before - tap * apart) / stride;
  return Number.isInteger(window) && window >= 0 && window < out ? window : null;
}

/** Pairs of a tap and of the place that it belongs to along an axis. */
function pairs(axis: Axis, at: (tap: number) => number | null): (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  for (let tap = 0; tap < axis.taps; tap++) {
    const place = at(tap);
    if (place !== null) found.push([tap, place]);
  }
  return found;
}

class Sum {
  sum = 0;
  magnitude = 0;

  add(term: number): void {
    this.sum += term;
    this.magnitude += Math.abs(term);
  }
}

/** Channel, column, row and image of an element. */
function placeOf(index: number, channels: number, width: number, height: number) {
  const pixel = Math.floor(index / channels);
  const line = Math.floor(pixel / width);
  return [index % channels, pixel % width, line % height, Math.floor(line / height)] as const;
}

function forward({ geometry: g, x, w, y }: GroupedForward): Product {
  const { rows, columns } = axesOf(g);
  return {
    ...{ out: y, inputs: [x, w], terms: g.kh * g.kw * g.group_in, activation: "linear" },
    sum(index, values) {
      const [seen, taps] = [values(x), values(w)];
      const [filter, ow, oh, n] = placeOf(index, g.o, g.ow, g.oh);
      const first = Math.floor(filter / g.group_out) * g.group_in;
      const sum = new Sum();
      for (const [kh, h] of pairs(rows, (tap) => pixelAt(rows, oh, tap))) {
        for (const [kw, c] of pairs(columns, (tap) => pixelAt(columns, ow, tap))) {
          const source = ((n * g.h + h) * g.w + c) * g.i + first;
          const tap = (kh * g.kw + kw) * g.group_in;
          for (let k = 0; k < g.group_in; k++) {
            sum.add((seen[source + k] ?? 0) * (taps[(tap + k) * g.o + filter] ?? 0));
          }
        }
      }
      return sum;
    },
  };
}

function inputGradient({ geometry: g, dy, w, dx }: GroupedInputGradient): Product {
  const { rows, columns } = axesOf(g);
  return {
    ...{ out: dx, inputs: [dy, w], terms: g.kh * g.kw * g.group_out, activation: "linear" },
    sum(index, values) {
      const [gradients, taps] = [values(dy), values(w)];
      const [channel, c, h, n] = placeOf(index, g.i, g.w, g.h);
      const first = Math.floor(channel / g.group_in) * g.group_out;
      const sum = new Sum();
      for (const [kh, oh] of pairs(rows, (tap) => windowAt(rows, h, tap))) {
        for (const [kw, ow] of pairs(columns, (tap) => windowAt(columns, c, tap))) {
          const source = ((n * g.oh + oh) * g.ow + ow) * g.o + first;
          const own = (kh * g.kw + kw) * g.group_in + (channel % g.group_in);
          for (let k = 0; k < g.group_out; k++) {
            sum.add((gradients[source + k] ?? 0) * (taps[own * g.o + first + k] ?? 0));
          }
        }
      }
      return sum;
    },
  };
}

function weightGradient({ geometry: g, x, dy, dw }: GroupedWeightGradient): Product {
  const { rows, columns } = axesOf(g);
  return {
    ...{ out: dw, inputs: [x, dy], terms: g.n * g.oh * g.ow, activation: "linear" },
    sum(index, values) {
      const [seen, gradients] = [values(x), values(dy)];
      const filter = index % g.o;
      const [k, kw, kh] = placeOf(Math.floor(index / g.o), g.group_in, g.kw, g.kh);
      const channel = Math.floor(filter / g.group_out) * g.group_in + k;
      const sum = new Sum();
      for (let line = 0; line < g.n * g.oh; line++) {
        const h = pixelAt(rows, line % g.oh, kh);
        if (h === null) continue;
        const source = (Math.floor(line / g.oh) * g.h + h) * g.w;
        for (let ow = 0; ow < g.ow; ow++) {
          const c = pixelAt(columns, ow, kw);
          if (c === null) continue;
          const gradient = gradients[(line * g.ow + ow) * g.o + filter] ?? 0;
          sum.add((seen[(source + c) * g.i + channel] ?? 0) * gradient);
        }
      }
      return sum;
    },
  };
}
