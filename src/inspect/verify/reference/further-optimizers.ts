// The updates of Adagrad, Lion, Nadam and RMSprop, and of decay apart from the gradient, in float64.

import type { Dispatch } from "../../../engine/program/program.ts";
import {
  boundTo,
  type Expected,
  entryOf,
  exactly,
  float,
  type Output,
  type Reference,
  type Task,
  TINY,
  UNIT,
  valuesAt,
  within,
} from "./reference.ts";

/** Roundings of the rate with its corrections, of a square root and of a quotient. */
const STEP = 32;

type Read = (index: number) => number;

function opened(task: Task, entry: string) {
  const dispatch = entryOf(task, entry);
  const read = (name: string): Read => {
    const values = valuesAt(task, dispatch, name);
    return (index) => values?.[index] ?? 0;
  };
  return { dispatch, read, rate: read("learning_rate")(0), of: (n: string) => float(dispatch, n) };
}

function output(dispatch: Dispatch, name: string, at: Output["at"]): Output {
  return { tensor: boundTo(dispatch, name), cost: 4, terms: 1, at };
}

/** A weight less a step whose error is known. */
function moved(weight: number, step: Expected): Expected {
  const rounding = UNIT * (STEP * Math.abs(step.value) + Math.abs(weight));
  return { value: weight - step.value, error: rounding + step.error + TINY };
}

/** kept·old + taken·by. */
function blended(old: number, kept: number, added: number): Expected {
  const [a, b] = [old * kept, added];
  return within(a + b, 4, Math.abs(a) + Math.abs(b));
}

const adagrad: Reference = (task) => {
  const { dispatch, read, rate, of } = opened(task, "update");
  const [w, dw, s] = [read("w"), read("dw"), read("s")];
  const sum = (i: number) => within(s(i) + dw(i) ** 2, 2);
  const weight = (i: number) => {
    const value = (rate * dw(i)) / Math.sqrt(of("initial") + sum(i).value + of("epsilon"));
    return moved(w(i), { value, error: 0 });
  };
  return [output(dispatch, "s", sum), output(dispatch, "w", weight)];
};

const lion: Reference = (task) => {
  const { dispatch, read, rate, of } = opened(task, "update");
  const [w, dw, m] = [read("w"), read("dw"), read("m")];
  const moment = (i: number) => blended(m(i), of("beta2"), dw(i) * of("one_minus_beta2"));
  const weight = (i: number) => {
    const { value, error } = blended(m(i), of("beta1"), dw(i) * of("one_minus_beta1"));
    // Where a rounding decides on the sign nothing is expected.
    if (value !== 0 && Math.abs(value) <= error) return null;
    return moved(w(i), { value: rate * Math.sign(value), error: 0 });
  };
  return [output(dispatch, "m", moment), output(dispatch, "w", weight)];
};

/** Of c = 1 − 0.96^t: u_t. */
const momentumAt = (beta: number, c: number) => beta * (0.5 + 0.5 * c);

const nadamAdvance: Reference = (task) => {
  const { dispatch, read, of } = opened(task, "advance");
  const before = read("next_state");
  const at = (index: number): Expected => {
    const decay = before(0) * 0.96 + 0.04;
    const u = momentumAt(of("beta1"), decay);
    const powers = before(2) * of("beta2") + of("one_minus_beta2");
    const own = [decay, before(1) * u + (1 - u), powers, u][index];
    // What is behind is the moving average's.
    return own === undefined ? exactly(before(index)) : within(own, 8, 1);
  };
  return [output(dispatch, "next_state", at)];
};

const nadam: Reference = (task) => {
  const { dispatch, read, rate, of } = opened(task, "update");
  const [w, dw, m, v, state] = [read("w"), read("dw"), read("m"), read("v"), read("state")];
  const next = (old: number, by: number, share: number): Expected => {
    const taken = (by - old) * share;
    return within(old + taken, 4, Math.abs(old) + Math.abs(taken));
  };
  const mean = (i: number) => next(m(i), dw(i), of("one_minus_beta1"));
  const square = (i: number) => next(v(i), dw(i) ** 2, of("one_minus_beta2"));
  const ahead = momentumAt(of("beta1"), state(0) * 0.96 + 0.04);
  const momentScale = ahead / (state(1) * ahead + (1 - ahead));
  const gradientScale = (1 - state(3)) / state(1);
  const weight = (i: number) => {
    const [moment, gradient] = [momentScale * mean(i).value, gradientScale * dw(i)];
    const scale = rate / (Math.sqrt(square(i).value) / Math.sqrt(state(2)) + of("epsilon"));
    const magnitude = Math.abs(moment) + Math.abs(gradient) + Math.abs(momentScale * m(i));
    const error = STEP * UNIT * magnitude * scale;
    return moved(w(i), { value: (moment + gradient) * scale, error });
  };
  return [
    output(dispatch, "m", mean),
    output(dispatch, "v", square),
    output(dispatch, "w", weight),
  ];
};

const rmsprop: Reference = (task) => {
  const { dispatch, read, rate, of } = opened(task, "update");
  const { flags = {} } = dispatch.kernel;
  const [w, dw, v, a, m] = [read("w"), read("dw"), read("v"), read("a"), read("m")];
  const square = (i: number) => blended(v(i), of("rho"), of("one_minus_rho") * dw(i) ** 2);
  const mean = (i: number) => blended(a(i), of("rho"), of("one_minus_rho") * dw(i));
  const step = (i: number): Expected => {
    const centre = flags["CENTERED"] ? mean(i).value ** 2 : 0;
    const below = Math.max(square(i).value - centre, 0) + of("epsilon");
    const value = (rate * dw(i)) / Math.sqrt(below);
    // Of a variance, much may cancel.
    const share = (8 * UNIT * (square(i).value + centre)) / below;
    return { value, error: (share + STEP * UNIT) * Math.abs(value) };
  };
  const velocity = (i: number): Expected => {
    const kept = of("momentum") * m(i);
    const { value, error } = step(i);
    return { value: kept + value, error: error + 3 * UNIT * (Math.abs(kept) + Math.abs(value)) };
  };
  const taken = flags["MOMENTUM"] ? velocity : step;
  return [
    output(dispatch, "v", square),
    ...(flags["CENTERED"] ? [output(dispatch, "a", mean)] : []),
    ...(flags["MOMENTUM"] ? [output(dispatch, "m", velocity)] : []),
    output(dispatch, "w", (i) => moved(w(i), taken(i))),
  ];
};

const decayed: Reference = (task) => {
  const { dispatch, read, rate, of } = opened(task, "decay");
  const w = read("w");
  const at = (i: number) => within(w(i) - w(i) * (of("decay") * rate), 4);
  return [output(dispatch, "w", at)];
};

export const FURTHER_OPTIMIZERS: Readonly<Record<string, Reference>> = {
  "adagrad/update": adagrad,
  "lion/update": lion,
  "nadam/advance": nadamAdvance,
  "nadam/update": nadam,
  "rmsprop/update": rmsprop,
  "weight-decay/decay": decayed,
};
