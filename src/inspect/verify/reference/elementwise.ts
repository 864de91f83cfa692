// Ops that go element by element, in float64: activations, sums of two tensors, dropout, padding, copies of columns; and the
// backward half of bias and activation.

import { uniformAt } from "../../../engine/core/random.ts";
import { sizeOf } from "../../../engine/core/shape.ts";
import type { Tensor } from "../../../engine/core/tensor.ts";
import { activate, activationOf, sloped } from "./activations.ts";
import {
  boundTo,
  chain,
  type Expected,
  entryOf,
  exactly,
  float,
  named,
  type Output,
  once,
  type Reference,
  type Task,
  TINY,
  UNIT,
  valuesAt,
  within,
} from "./reference.ts";

/** An output whose elements follow from as many elements each. */
function mapped(tensor: Tensor, at: (index: number) => Expected | null): readonly Output[] {
  return [{ tensor, cost: 1, terms: 1, at }];
}

/** A binding's elements, 0 beyond the last. */
function read(task: Task, entry: string, name: string): (index: number) => number {
  const values = valuesAt(task, entryOf(task, entry), name);
  return (index) => values?.[index] ?? 0;
}

const activationForward: Reference = (task) => {
  const dispatch = entryOf(task, "forward");
  const kind = activationOf(dispatch.kernel);
  const x = read(task, "forward", "x");
  return mapped(boundTo(dispatch, "y"), (index) => {
    const [input, value] = [x(index), activate(x(index), kind)];
    if (kind === "tanh") return within(value, 16);
    if (kind !== "sigmoid") return exactly(value);
    const fromExp = value * (1 - value) * (3 + 2 * Math.abs(input)) * 2 * UNIT;
    return { value, error: fromExp + 8 * UNIT * value + TINY };
  });
};

const activationBackward: Reference = (task) => {
  const dispatch = entryOf(task, "backward");
  const kind = activationOf(dispatch.kernel);
  const [dy, y] = [read(task, "backward", "dy"), read(task, "backward", "output")];
  return mapped(
    boundTo(dispatch, "dx"),
    subnormal((index) => sloped(dy(index), y(index), kind)),
  );
};

const add: Reference = (task) => {
  const [a, b] = [read(task, "forward", "a"), read(task, "forward", "b")];
  const y = boundTo(entryOf(task, "forward"), "y");
  return mapped(y, (index) => within(a(index) + b(index), 1));
};

const dropout: Reference = (task) => {
  const dispatch = entryOf(task, "forward");
  const { seed, stream } = dispatch.params;
  const [rate, scale] = [float(dispatch, "rate"), float(dispatch, "scale")];
  const [x, clock] = [read(task, "forward", "x"), read(task, "forward", "clock")];
  return mapped(boundTo(dispatch, "y"), (index) => {
    const counter = { seed: seed ?? 0, stream: stream ?? 0, step: clock(0), index };
    return uniformAt(counter) < rate ? exactly(0) : within(x(index) * scale, 1);
  });
};

/** Where the padding puts an image: places of the larger tensor are those of the smaller moved by (top, left). */
function padding(task: Task, entry: string) {
  const { params } = entryOf(task, entry);
  const [height, line, outHeight, outLine, top, before] = [
    ...["height", "line", "out_height", "out_line", "top", "before"],
  ].map((name) => named(params, name)) as [number, number, number, number, number, number];
  return { height, line, outHeight, outLine, top, before };
}

const padForward: Reference = (task) => {
  const { height, line, outHeight, outLine, top, before } = padding(task, "forward");
  const x = read(task, "forward", "x");
  return mapped(boundTo(entryOf(task, "forward"), "y"), (index) => {
    const row = Math.floor(index / outLine);
    const h = (row % outHeight) - top;
    const at = (index % outLine) - before;
    if (h < 0 || h >= height || at < 0 || at >= line) return exactly(0);
    return exactly(x((Math.floor(row / outHeight) * height + h) * line + at));
  });
};

const padBackward: Reference = (task) => {
  const { height, line, outHeight, outLine, top, before } = padding(task, "backward");
  const dy = read(task, "backward", "dy");
  return mapped(boundTo(entryOf(task, "backward"), "dx"), (index) => {
    const row = Math.floor(index / line);
    const from = Math.floor(row / height) * outHeight + (row % height) + top;
    return exactly(dy(from * outLine + (index % line) + before));
  });
};

const copyColumns: Reference = (task) => {
  const dispatch = entryOf(task, "copy");
  const to = boundTo(dispatch, "destination");
  const { params, kernel } = dispatch;
  const lanes = kernel.flags?.["WORDS"] ? 4 : 1;
  const [columns, fromWidth, fromFirst, width, first] = [
    ...["columns", "from_width", "from_first", "to_width", "to_first"],
  ].map((name) => named(params, name) * lanes) as [number, number, number, number, number];
  const source = read(task, "copy", "source");
  return mapped(to, (index) => {
    const column = (index % width) - first;
    if (column < 0 || column >= columns) return null;
    return exactly(source(Math.floor(index / width) * fromWidth + fromFirst + column));
  });
};

/** dz, and db where there is one: the sums of its columns, in this unit's second dispatch or already in its first. */
const biasActivation: Reference = (task) => {
  const dispatch = entryOf(task, "backward");
  const activation = activationOf(dispatch.kernel);
  const [dy, y] = [read(task, "backward", "dy"), read(task, "backward", "y")];
  const dz = (index: number) => sloped(dy(index), y(index), activation);
  const { shape } = boundTo(dispatch, "dy");
  const outputs: Output[] = [];
  if (dispatch.bindings["dz"]) outputs.push(...mapped(boundTo(dispatch, "dz"), subnormal(dz)));
  const sums = task.unit.dispatches[1]?.bindings["y"] ?? dispatch.bindings["partial"];
  if (sums)
    outputs.push(
      columnSum(sums.tensor, { elements: sizeOf(shape), columns: shape.at(-1) ?? 1, at: dz }),
    );
  return outputs;
};

function subnormal(at: (index: number) => Expected): (index: number) => Expected {
  return (index) => {
    const { value, error } = at(index);
    return { value, error: error === 0 ? 0 : error + TINY };
  };
}

const columnSums: Reference = (task) => {
  const dispatch = entryOf(task, "forward");
  const x = read(task, "forward", "x");
  const { shape } = boundTo(dispatch, "x");
  const columns = named(dispatch.params, "columns");
  const at = (index: number) => exactly(x(index));
  return [columnSum(boundTo(dispatch, "y"), { elements: sizeOf(shape), columns, at })];
};

interface Columns {
  readonly elements: number;
  readonly columns: number;
  readonly at: (index: number) => Expected;
}

function columnSum(tensor: Tensor, { elements, columns, at }: Columns): Output {
  const rows = elements / columns;
  const sum = once((column: number): Expected => {
    let [value, magnitude, error] = [0, 0, 0];
    for (let index = column; index < elements; index += columns) {
      const term = at(index);
      value += term.value;
      magnitude += Math.abs(term.value);
      error += term.error;
    }
    return { value, error: error + chain(rows) * magnitude + rows * TINY };
  });
  return { tensor, cost: rows, terms: rows, at: sum };
}

export const ELEMENTWISE: Readonly<Record<string, Reference>> = {
  "activation/forward": activationForward,
  "activation/backward": activationBackward,
  "add/forward": add,
  "dropout/forward": dropout,
  "zero-padding/forward": padForward,
  "zero-padding/backward": padBackward,
  "gemm/copy-columns/copy": copyColumns,
  "gemm/bias-activation/backward": biasActivation,
  "gemm/column-sums/forward": columnSums,
};
