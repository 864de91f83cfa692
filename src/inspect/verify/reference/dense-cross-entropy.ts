// The last dense layer with the loss on it, as one kernel: logits, running sums and the gradients of the layer, in float64. What is
// passed on within the kernel carries its error along.

import type { Dispatch } from "../../../engine/program/program.ts";
import { activationOf, sloped } from "./activations.ts";
import { countedOf, type Scores, scoresOf } from "./cross-entropy.ts";
import {
  boundTo,
  chain,
  type Expected,
  entryOf,
  exactly,
  named,
  type Output,
  once,
  type Reference,
  type Task,
  TINY,
  UNIT,
  valuesAt,
} from "./reference.ts";

/** A sum of products whose second factors may be off. */
class Sum {
  #value = 0;
  #magnitude = 0;
  #off = 0;
  #terms = 0;

  add(factor: number, { value, error }: Expected): void {
    this.#value += factor * value;
    this.#magnitude += Math.abs(factor * value);
    this.#off += Math.abs(factor) * error;
    this.#terms++;
  }

  get expected(): Expected {
    const error = chain(this.#terms + 1) * this.#magnitude + this.#off + this.#terms * TINY;
    return { value: this.#value, error };
  }
}

/** The layer as the kernel has it. */
function layerOf(task: Task, dispatch: Dispatch) {
  const [x, weights] = ["x", "weights"].map((name) => valuesAt(task, dispatch, name));
  const of = (name: string) => named(dispatch.params, name);
  const [inputs, classes, w, b] = [of("inputs"), of("classes"), of("w_at"), of("b_at")];
  const hasBias = dispatch.kernel.flags?.["HAS_BIAS"] === true;
  return {
    ...{ inputs, classes, rows: of("rows"), weightsAt: w, biasesAt: b, hasBias },
    x: (row: number, input: number) => x?.[row * inputs + input] ?? 0,
    w: (input: number, k: number) => weights?.[w + input * classes + k] ?? 0,
    b: (k: number) => (hasBias ? (weights?.[b + k] ?? 0) : 0),
  };
}

type Layer = ReturnType<typeof layerOf>;

function logitsOf({ x, w, b, inputs, classes, rows }: Layer) {
  const at = (row: number, k: number): Expected => {
    const sum = new Sum();
    sum.add(1, exactly(b(k)));
    for (let input = 0; input < inputs; input++) sum.add(x(row, input), exactly(w(input, k)));
    return sum.expected;
  };
  const all = Array.from({ length: rows * classes }, (_, index) =>
    at(Math.floor(index / classes), index % classes),
  );
  const ofRow = (row: number) => all.slice(row * classes, (row + 1) * classes);
  return {
    logits: all.map(({ value }) => value),
    offAt: once((row: number) => Math.max(...ofRow(row).map(({ error }) => error))),
    /** Whether another class may be the greatest. */
    isTied(row: number): boolean {
      const [first = 0, second = Number.NEGATIVE_INFINITY] = ofRow(row)
        .map(({ value }) => value)
        .sort((a, b) => b - a);
      return first - second <= 2 * this.offAt(row);
    },
  };
}

export const denseCrossEntropy: Reference = (task) => {
  const dispatch = entryOf(task, "forward");
  const layer = layerOf(task, dispatch);
  const { classes, rows } = layer;
  const logits = logitsOf(layer);
  const scores = scoresOf(task, dispatch, logits);
  const ties = Array.from({ length: rows }, (_, row) => logits.isTied(row)).filter(Boolean);
  const output = (name: string, terms: number, at: (index: number) => Expected): Output[] =>
    dispatch.bindings[name] ? [{ tensor: boundTo(dispatch, name), cost: terms, terms, at }] : [];
  const { dx, dw } = gradientsOf(dispatch, layer, once(scores.gradient));
  return [
    ...output("row_loss", classes, scores.loss),
    ...output("dx", classes, dx),
    ...output("gradients", rows, dw),
    ...countedOf(task, dispatch, scores, ties.length),
  ];
};

function gradientsOf(dispatch: Dispatch, layer: Layer, gradient: Scores["gradient"]) {
  const { x, w, inputs, classes, rows, weightsAt, biasesAt, hasBias } = layer;
  const activation = activationOf(dispatch.kernel);
  const overRows = (k: number, factor: (row: number) => number): Expected => {
    const sum = new Sum();
    for (let row = 0; row < rows; row++) sum.add(factor(row), gradient(row * classes + k));
    return sum.expected;
  };
  return {
    dx(index: number): Expected {
      const [row, input] = [Math.floor(index / inputs), index % inputs];
      const sum = new Sum();
      for (let k = 0; k < classes; k++) sum.add(w(input, k), gradient(row * classes + k));
      const { value, error } = sum.expected;
      const rounded = sloped(value, x(row, input), activation);
      // No slope is steeper than 1.
      return { value: rounded.value, error: error + rounded.error + 4 * UNIT * Math.abs(value) };
    },
    /** Of weights and biases, where they lie. */
    dw(index: number): Expected {
      const at = index - weightsAt;
      if (at >= 0 && at < inputs * classes) {
        return overRows(at % classes, (row) => x(row, Math.floor(at / classes)));
      }
      const k = index - biasesAt;
      return hasBias && k >= 0 && k < classes ? overRows(k, () => 1) : exactly(0);
    },
  };
}
