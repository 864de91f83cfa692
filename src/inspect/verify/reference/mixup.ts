// mixup in float64: the pairs that are drawn, rows that are mixed, and of what a mixed row's target is made.

import { uniformAt } from "../../../engine/core/random.ts";
import type { Dispatch } from "../../../engine/program/program.ts";
import {
  boundTo,
  type Expected,
  entryOf,
  exactly,
  float,
  named,
  once,
  type Reference,
  type Task,
  UNIT,
  valuesAt,
} from "./reference.ts";

/** WGSL lets log be off by so much between 1/2 and 2, and by 3 units in the last place beyond. */
const LOG_ERROR = 2 ** -21;

/** A share of a row's target, and the row of the batch whose label it is of. */
export interface Part {
  readonly share: number;
  readonly row: number;
}

/** Of what a loss that binds `mixed` makes a row's target, the own label first; of the row alone without. Shares are float32. */
export function partsOf(task: Task, dispatch: Dispatch): (row: number) => readonly Part[] {
  const mixed = valuesAt(task, dispatch, "mixed");
  return (row) => {
    if (!mixed) return [{ share: 1, row }];
    const [share = 1, partner = row] = mixed.slice(2 * row, 2 * row + 2);
    return [
      { share, row },
      { share: Math.fround(1 - share), row: partner },
    ];
  };
}

/** The part of a row that counts as its class. */
export function mainOf([own, partner]: readonly Part[]): number {
  return (own && (!partner || own.share >= 0.5) ? own : partner)?.row ?? 0;
}

const blend: Reference = (task) => {
  const dispatch = entryOf(task, "blend");
  const elements = named(dispatch.params, "elements");
  const x = valuesAt(task, dispatch, "x");
  const of = partsOf(task, dispatch);
  const at = (index: number): Expected => {
    const terms = of(Math.floor(index / elements)).map(
      ({ share, row }) => share * (x?.[row * elements + (index % elements)] ?? 0),
    );
    const magnitude = terms.reduce((sum, term) => sum + Math.abs(term), 0);
    return { value: terms.reduce((sum, term) => sum + term, 0), error: 4 * UNIT * magnitude };
  };
  return [{ tensor: boundTo(dispatch, "y"), cost: 2, terms: 2, at }];
};

/** The logarithm of a power of 1 − u, and how far off it may be. */
function powerOf(u: number, exponent: number): Expected {
  const own = Math.log(1 - u);
  const error = exponent * (LOG_ERROR + 8 * UNIT * Math.abs(own));
  return { value: own * exponent, error };
}

/** A row's share, by the first of its tries that succeeds; null where float32 may see another one succeed. */
function shareBy(draw: (k: number) => number, exponent: number): Expected | null {
  for (let k = 0; k < 64; k += 2) {
    const [x, y] = [powerOf(draw(k), exponent), powerOf(draw(k + 1), exponent)];
    const off = x.error + y.error;
    const sum = Math.exp(x.value) + Math.exp(y.value);
    if (off > 0.1 || Math.abs(sum - 1) < 2 * off + 16 * UNIT) return null;
    if (sum > 1) continue;
    const value = 1 / (1 + Math.exp(y.value - x.value));
    const ofPower = off + (6 + 4 * Math.abs(y.value - x.value)) * UNIT;
    // The exponent is held within 80.
    return { value, error: 2 * value * (1 - value) * ofPower + 8 * UNIT * value + Math.exp(-80) };
  }
  return exactly(1);
}

const draw: Reference = (task) => {
  const dispatch = entryOf(task, "draw");
  const [seed, stream, batch] = ["seed", "stream", "batch"].map((name) =>
    named(dispatch.params, name),
  ) as [number, number, number];
  const step = valuesAt(task, dispatch, "clock")?.[0] ?? 0;
  const drawn = (index: number) => uniformAt({ seed, stream, step, index });
  const keys = Array.from({ length: batch }, (_, n) => drawn(n));
  const order = [...keys.keys()].sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
  const places = new Map(order.map((row, place) => [row, place]));
  const exponent = float(dispatch, "exponent");
  const share = once((n) => shareBy((k) => drawn(2 ** 31 + 64 * n + k), exponent));
  const at = (index: number): Expected | null => {
    const n = Math.floor(index / 2);
    return index % 2 === 0 ? share(n) : exactly(places.get(n) ?? 0);
  };
  return [{ tensor: boundTo(dispatch, "pairs"), cost: 64, terms: 2, at }];
};

export const MIXUP: Readonly<Record<string, Reference>> = {
  "mixup/draw": draw,
  "mixup/blend": blend,
};
