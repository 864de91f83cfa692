// Convolutions with groups and dilation, and their gradients, in float64; depthwise where there are as many groups as channels.

import type { Dispatch } from "../../../engine/program/program.ts";
import {
  boundTo,
  chain,
  type Expected,
  entryOf,
  named,
  type Output,
  type Reference,
  type Task,
  TINY,
  valuesAt,
} from "./reference.ts";

/** One axis of the windows: extents, steps from window to window and from tap to tap, and zeros before the first pixel. */
interface Axis {
  readonly taps: number;
  readonly size: number;
  readonly out: number;
  readonly stride: number;
  readonly apart: number;
  readonly before: number;
}

interface Geometry {
  readonly rows: Axis;
  readonly columns: Axis;
  readonly i: number;
  readonly o: number;
  readonly groupIn: number;
  readonly groupOut: number;
}

function geometryOf({ params: given, kernel: { constants = {} } }: Dispatch): Geometry {
  const params = Object.hasOwn(given, "words") ? depthwise(given, constants) : given;
  const of = (name: string) => named(params, name);
  const [i, o] = [of("i"), of("o")];
  return {
    rows: {
      ...{ taps: of("kh"), size: of("h"), out: of("oh"), stride: of("sh") },
      ...{ apart: of("down"), before: of("top") },
    },
    columns: {
      ...{ taps: of("kw"), size: of("w"), out: of("ow"), stride: of("sw") },
      ...{ apart: of("across"), before: of("left") },
    },
    ...{ i, o, groupIn: of("group_in"), groupOut: of("group_out") },
  };
}

type Numbers = Readonly<Record<string, number>>;

/** What the kernels of depthwise.wgsl are told, as those of grouped.wgsl are. */
function depthwise(params: Numbers, constants: Numbers): Numbers {
  const channels = 4 * named(params, "words");
  const [kh, kw, sh, sw] = ["KH", "KW", "SH", "SW"].map((name) => named(constants, name)) as [
    number,
    number,
    number,
    number,
  ];
  const own = { i: channels, o: channels, group_in: 1, group_out: 1, down: 1, across: 1 };
  return { ...params, ...own, kh, kw, sh, sw };
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
  #sum = 0;
  #magnitude = 0;

  add(term: number): void {
    this.#sum += term;
    this.#magnitude += Math.abs(term);
  }

  expected(terms: number): Expected {
    return { value: this.#sum, error: chain(terms) * this.#magnitude + terms * TINY };
  }
}

function reader(task: Task, dispatch: Dispatch, name: string): (index: number) => number {
  const values = valuesAt(task, dispatch, name);
  return (index) => values?.[index] ?? 0;
}

/** Channel, column, row and image of an element. */
function placeOf(index: number, channels: number, width: number, height: number) {
  const pixel = Math.floor(index / channels);
  const line = Math.floor(pixel / width);
  return [index % channels, pixel % width, line % height, Math.floor(line / height)] as const;
}

const forward: Reference = (task) => {
  const dispatch = entryOf(task, "forward");
  const { rows, columns, i, o, groupIn, groupOut } = geometryOf(dispatch);
  const [x, w] = [reader(task, dispatch, "x"), reader(task, dispatch, "w")];
  const terms = rows.taps * columns.taps * groupIn;
  const at = (index: number): Expected => {
    const [filter, ow, oh, n] = placeOf(index, o, columns.out, rows.out);
    const first = Math.floor(filter / groupOut) * groupIn;
    const sum = new Sum();
    for (const [kh, h] of pairs(rows, (tap) => pixelAt(rows, oh, tap))) {
      for (const [kw, c] of pairs(columns, (tap) => pixelAt(columns, ow, tap))) {
        const source = ((n * rows.size + h) * columns.size + c) * i + first;
        const tap = (kh * columns.taps + kw) * groupIn;
        for (let k = 0; k < groupIn; k++) sum.add(x(source + k) * w((tap + k) * o + filter));
      }
    }
    return sum.expected(terms);
  };
  return [{ tensor: boundTo(dispatch, "y"), cost: terms, terms, at }];
};

const inputGradient: Reference = (task) => {
  const dispatch = entryOf(task, "input_gradient");
  const { rows, columns, i, o, groupIn, groupOut } = geometryOf(dispatch);
  const [dy, w] = [reader(task, dispatch, "dy"), reader(task, dispatch, "w")];
  const terms = rows.taps * columns.taps * groupOut;
  const at = (index: number): Expected => {
    const [channel, c, h, n] = placeOf(index, i, columns.size, rows.size);
    const first = Math.floor(channel / groupIn) * groupOut;
    const sum = new Sum();
    for (const [kh, oh] of pairs(rows, (tap) => windowAt(rows, h, tap))) {
      for (const [kw, ow] of pairs(columns, (tap) => windowAt(columns, c, tap))) {
        const source = ((n * rows.out + oh) * columns.out + ow) * o + first;
        const tap = ((kh * columns.taps + kw) * groupIn + (channel % groupIn)) * o + first;
        for (let k = 0; k < groupOut; k++) sum.add(dy(source + k) * w(tap + k));
      }
    }
    return sum.expected(terms);
  };
  return [{ tensor: boundTo(dispatch, "dx"), cost: terms, terms, at }];
};

/** Of a slice of the images each: the sum over the slices is a unit of its own. */
const weightGradient: Reference = (task): readonly Output[] => {
  const dispatch = entryOf(task, "weight_gradient");
  const { rows, columns, i, o, groupIn, groupOut } = geometryOf(dispatch);
  const [x, dy] = [reader(task, dispatch, "x"), reader(task, dispatch, "dy")];
  const [images, batch] = [named(dispatch.params, "images"), named(dispatch.params, "n")];
  const terms = images * rows.out * columns.out;
  const at = (index: number): Expected => {
    const filter = index % o;
    const [k, kw, kh, slice] = placeOf(Math.floor(index / o), groupIn, columns.taps, rows.taps);
    const channel = Math.floor(filter / groupOut) * groupIn + k;
    const sum = new Sum();
    for (let n = slice * images; n < Math.min((slice + 1) * images, batch); n++) {
      for (let oh = 0; oh < rows.out; oh++) {
        const h = pixelAt(rows, oh, kh);
        if (h === null) continue;
        for (let ow = 0; ow < columns.out; ow++) {
          const c = pixelAt(columns, ow, kw);
          if (c === null) continue;
          const seen = x(((n * rows.size + h) * columns.size + c) * i + channel);
          sum.add(seen * dy(((n * rows.out + oh) * columns.out + ow) * o + filter));
        }
      }
    }
    return sum.expected(terms);
  };
  return [{ tensor: boundTo(dispatch, "partial"), cost: terms, terms, at }];
};

export const GROUPED: Readonly<Record<string, Reference>> = {
  "conv2d/depthwise/forward": forward,
  "conv2d/depthwise/input_gradient": inputGradient,
  "conv2d/depthwise/weight_gradient": weightGradient,
  "conv2d/grouped/forward": forward,
  "conv2d/grouped/input_gradient": inputGradient,
  "conv2d/grouped/weight_gradient": weightGradient,
};
