// Softmax and its logarithm in float64, and their gradients.

import { probability, rowsOf } from "./cross-entropy.ts";
import {
  boundTo,
  chain,
  type Expected,
  entryOf,
  named,
  once,
  type Reference,
  TINY,
  UNIT,
  valuesAt,
} from "./reference.ts";

const forward: Reference = (task) => {
  const dispatch = entryOf(task, "forward");
  const classes = named(dispatch.params, "classes");
  const x = valuesAt(task, dispatch, "x") ?? [];
  const rowOf = rowsOf(x, classes);
  const at = (index: number) => probability(rowOf(Math.floor(index / classes)), x[index] ?? 0);
  return [{ tensor: boundTo(dispatch, "y"), cost: classes, terms: classes, at }];
};

const backward: Reference = (task) => {
  const dispatch = entryOf(task, "backward");
  const classes = named(dispatch.params, "classes");
  const [y, dy] = [valuesAt(task, dispatch, "output") ?? [], valuesAt(task, dispatch, "dy") ?? []];
  const products = once((row: number) => {
    let [sum, magnitude] = [0, 0];
    for (let index = row * classes; index < (row + 1) * classes; index++) {
      sum += (dy[index] ?? 0) * (y[index] ?? 0);
      magnitude += Math.abs((dy[index] ?? 0) * (y[index] ?? 0));
    }
    return { sum, magnitude };
  });
  const at = (index: number): Expected => {
    const { sum, magnitude } = products(Math.floor(index / classes));
    const [own, share] = [dy[index] ?? 0, Math.abs(y[index] ?? 0)];
    const error = chain(classes) * magnitude + 3 * UNIT * (Math.abs(own) + Math.abs(sum));
    return { value: (y[index] ?? 0) * (own - sum), error: share * error + TINY };
  };
  return [{ tensor: boundTo(dispatch, "dx"), cost: classes, terms: classes, at }];
};

/** WGSL lets a logarithm be off by 2^-21 between ½ and 2, and by 3 units in the last place elsewhere. */
const LOG_ERROR = 2 ** -21;

const logForward: Reference = (task) => {
  const dispatch = entryOf(task, "forward");
  const classes = named(dispatch.params, "classes");
  const x = valuesAt(task, dispatch, "x") ?? [];
  const rowOf = rowsOf(x, classes);
  const at = (index: number): Expected => {
    const { peak, sum, sumError } = rowOf(Math.floor(index / classes));
    const [apart, log] = [(x[index] ?? 0) - peak, Math.log(sum)];
    const error = sumError / sum + LOG_ERROR + 4 * UNIT * (Math.abs(apart) + log);
    return { value: apart - log, error: error + TINY };
  };
  return [{ tensor: boundTo(dispatch, "y"), cost: classes, terms: classes, at }];
};

const logBackward: Reference = (task) => {
  const dispatch = entryOf(task, "backward");
  const classes = named(dispatch.params, "classes");
  const [y, dy] = [valuesAt(task, dispatch, "output") ?? [], valuesAt(task, dispatch, "dy") ?? []];
  const sums = once((row: number) => {
    let [sum, magnitude] = [0, 0];
    for (let index = row * classes; index < (row + 1) * classes; index++) {
      sum += dy[index] ?? 0;
      magnitude += Math.abs(dy[index] ?? 0);
    }
    return { sum, magnitude };
  });
  const at = (index: number): Expected => {
    const { sum, magnitude } = sums(Math.floor(index / classes));
    const [own, log] = [dy[index] ?? 0, y[index] ?? 0];
    const share = Math.exp(log);
    // exp is off by 3 + 2·|y| units in the last place.
    const relative = chain(classes) * magnitude + (8 + 4 * Math.abs(log)) * UNIT * Math.abs(sum);
    return { value: own - share * sum, error: share * relative + 2 * UNIT * Math.abs(own) + TINY };
  };
  return [{ tensor: boundTo(dispatch, "dx"), cost: classes, terms: classes, at }];
};

export const SOFTMAX: Readonly<Record<string, Reference>> = {
  "softmax/forward": forward,
  "softmax/backward": backward,
  "log-softmax/forward": logForward,
  "log-softmax/backward": logBackward,
};
