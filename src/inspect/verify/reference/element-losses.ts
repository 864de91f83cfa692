// Losses of each element, and the weights of rows, in float64. WGSL lets exp be off by 3 + 2·|x| units in the last place, and
// log by 2^-21 between 1/2 and 2.

import { mainOf, partsOf } from "./mixup.ts";
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
  TINY,
  UNIT,
  valuesAt,
  within,
} from "./reference.ts";

const LOG_ERROR = 2 ** -21;
const LEAST = Math.fround(1e-7);
const MOST = Math.fround(1 - LEAST);

/** The loss of an element, and its slope. */
interface Term {
  readonly loss: Expected;
  readonly slope: Expected;
}

type Rule = (y: number, t: number, settings: Settings) => Term;

interface Settings {
  readonly smoothing: number;
  readonly delta: number;
  readonly isLogit: boolean;
}

const squared: Rule = (y, t) => ({
  loss: within((y - t) ** 2, 4),
  slope: within(2 * (y - t), 2),
});

const absolute: Rule = (y, t) => ({
  loss: within(Math.abs(y - t), 1),
  slope: exactly(Math.sign(y - t)),
});

const huber: Rule = (y, t, { delta }) => {
  const d = Math.abs(y - t);
  const [near, far] = [(d * d) / 2, delta * d - (delta * delta) / 2];
  const slope = Math.min(d, delta) * Math.sign(y - t);
  const loss = within(d <= delta ? near : far, 4, d <= delta ? near : delta * (d + delta));
  return { loss, slope: within(slope, 1) };
};

function sigmoid(z: number): Expected {
  const e = Math.exp(-Math.abs(z));
  const value = (z >= 0 ? 1 : e) / (1 + e);
  return { value, error: value * (2 * (3 + 2 * Math.abs(z)) + 8) * UNIT + TINY };
}

const crossEntropy: Rule = (y, plain, { smoothing, isLogit }) => {
  const t = plain * (1 - smoothing) + smoothing / 2;
  if (isLogit) {
    const rest = Math.log1p(Math.exp(-Math.abs(y)));
    const magnitude = Math.max(y, 0) + Math.abs(y * t) + rest;
    const p = sigmoid(y);
    return {
      loss: {
        value: Math.max(y, 0) - y * t + rest,
        error: LOG_ERROR + (12 * magnitude + 4 * Math.abs(y)) * UNIT,
      },
      slope: { value: p.value - t, error: p.error + 8 * UNIT * (p.value + t) },
    };
  }
  const p = Math.min(Math.max(y, LEAST), MOST);
  const value = -t * Math.log(p) - (1 - t) * Math.log(1 - p);
  const steepness = 1 / (p * (1 - p));
  const slope = p === y ? (p - t) * steepness : 0;
  return {
    loss: { value, error: 2 * LOG_ERROR + 16 * UNIT * value },
    slope: { value: slope, error: 8 * UNIT * (Math.abs(slope) + steepness) },
  };
};

/** As the shader counts them. */
const RULES: readonly Rule[] = [squared, absolute, huber, crossEntropy];

const elementLoss: Reference = (task) => {
  const dispatch = entryOf(task, "forward");
  const { params } = dispatch;
  const [rows, elements] = [named(params, "rows"), named(params, "elements")];
  const settings = {
    ...{ smoothing: float(dispatch, "smoothing"), delta: float(dispatch, "delta") },
    isLogit: named(params, "is_logit") === 1,
  };
  const rule = RULES[named(params, "kind")] ?? squared;
  const read = (name: string) => valuesAt(task, dispatch, name);
  const [y, labels, targets, weights] = ["y", "labels", "targets", "row_weights"].map(read);
  const weightOf = (row: number): number => weights?.[row] ?? 1;
  const parts = partsOf(task, dispatch);
  const given = (index: number): number => y?.[index] ?? 0;
  const p = (index: number): Expected =>
    settings.isLogit ? sigmoid(given(index)) : exactly(given(index));
  const target = (index: number): number => {
    if (!labels) return targets?.[index] ?? 0;
    // As float32 has it: nothing is rounded but 1 − share, and the sum.
    return Math.fround(
      parts(Math.floor(index / elements)).reduce((total, { share, row }) => {
        const label = labels[row] ?? 0;
        return total + share * (elements === 1 ? label : index % elements === label ? 1 : 0);
      }, 0),
    );
  };
  const mean = (row: number, weight: number, of: (index: number) => Expected): Expected => {
    let [sum, error] = [0, 0];
    for (let index = row * elements; index < (row + 1) * elements; index++) {
      const term = of(index);
      sum += term.value;
      error += term.error;
    }
    const share = weight / elements;
    return {
      value: sum * share,
      error: (error + (chain(elements) + 4 * UNIT) * sum) * share + TINY,
    };
  };
  const loss = (row: number) =>
    mean(row, weightOf(row), (index) => rule(given(index), target(index), settings).loss);
  const miss = (row: number) =>
    mean(row, 1, (index) => {
      const { value, error } = p(index);
      const t = target(index);
      return { value: Math.abs(value - t), error: error + UNIT * (Math.abs(value) + Math.abs(t)) };
    });
  const slope = (index: number): Expected => {
    const { value, error } = rule(given(index), target(index), settings).slope;
    const share = weightOf(Math.floor(index / elements)) / (elements * rows);
    return { value: value * share, error: (error + 4 * UNIT * Math.abs(value)) * share + TINY };
  };
  const found = once((row: number) => {
    if (elements === 1) return p(row).value > 0.5 ? 1 : 0;
    let top = 0;
    for (let k = 1; k < elements; k++)
      if (given(row * elements + k) > given(row * elements + top)) top = k;
    return top;
  });
  const output = (name: string, terms: number, at: (index: number) => Expected): Output => ({
    ...{ tensor: boundTo(dispatch, name), cost: terms, terms, at },
  });
  return [
    output("row_loss", elements, loss),
    ...(labels
      ? [
          output("predicted", elements, (row) => exactly(found(row))),
          output("row_hit", elements, (row) =>
            exactly(found(row) === labels[mainOf(parts(row))] ? 1 : 0),
          ),
        ]
      : [output("row_error", elements, miss)]),
    ...(dispatch.bindings["dy"] ? [output("dy", 1, slope)] : []),
  ];
};

const rowWeights: Reference = (task) => {
  const dispatch = entryOf(task, "weigh");
  const read = (name: string) => valuesAt(task, dispatch, name);
  const [labels, ofClass, ofRow] = ["labels", "class_weights", "sample_weights"].map(read);
  const [order, clock] = [read("order"), read("clock")];
  const at = (n: number): Expected => {
    const own = ofClass?.[labels?.[n] ?? 0] ?? 1;
    const row = order?.[(clock?.[1] ?? 0) + n] ?? 0;
    return within(own * (ofRow?.[row] ?? 1), 1);
  };
  return [{ tensor: boundTo(dispatch, "row_weights"), cost: 1, terms: 1, at }];
};

export const ELEMENT_LOSSES: Readonly<Record<string, Reference>> = {
  "elementwise-loss/forward": elementLoss,
  "row-weights/weigh": rowWeights,
};
