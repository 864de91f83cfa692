// Noise in float64, from the numbers that the formulas say are drawn: normal and uniform, of elements and of maps.

import { uniformAt } from "../../../engine/core/random.ts";
import type { Dispatch } from "../../../engine/program/program.ts";
import {
  boundTo,
  type Expected,
  entryOf,
  exactly,
  float,
  named,
  type Output,
  type Reference,
  type Task,
  UNIT,
  valuesAt,
  within,
} from "./reference.ts";

/** WGSL lets log be off by so much between 1/2 and 2. */
const LOG_ERROR = 2 ** -21;
/** Of cosine and sine, see lib/turns.wgsl. */
const TURN_ERROR = 2e-7;

/** One of the four normal numbers that Box and Muller make of four uniform ones; `of` gives those of the element's word. */
export function normalOf(of: (k: number) => number, lane: number): Expected {
  const first = lane < 2 ? 0 : 2;
  const square = -2 * Math.log(1 - of(first));
  const radius = Math.sqrt(square);
  // Near 0 the root makes more of an error than it is.
  const off = 2 * LOG_ERROR + 8 * UNIT * square;
  const radiusError = Math.min(Math.sqrt(off), off / radius);
  const angle = 2 * Math.PI * of(first + 1);
  const turn = lane % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
  const error = radiusError + radius * (TURN_ERROR + 4 * UNIT);
  return { value: radius * turn, error };
}

interface Opened {
  readonly dispatch: Dispatch;
  readonly x: (index: number) => number;
  readonly uniform: (index: number) => number;
  readonly of: (name: string) => number;
}

function opened(task: Task, entry: string, input = "x"): Opened {
  const dispatch = entryOf(task, entry);
  const values = valuesAt(task, dispatch, input);
  const [seed, stream] = [named(dispatch.params, "seed"), named(dispatch.params, "stream")];
  const step = valuesAt(task, dispatch, "clock")?.[0] ?? 0;
  return {
    dispatch,
    x: (index) => values?.[index] ?? 0,
    uniform: (index) => uniformAt({ seed, stream, step, index }),
    of: (name) => float(dispatch, name),
  };
}

function output(dispatch: Dispatch, name: string, at: Output["at"]): readonly Output[] {
  return [{ tensor: boundTo(dispatch, name), cost: 4, terms: 1, at }];
}

function normalAt({ uniform }: Opened, index: number): Expected {
  const lane = index % 4;
  return normalOf((k) => uniform(index - lane + k), lane);
}

const add: Reference = (task) => {
  const own = opened(task, "add");
  const { dispatch, x, of } = own;
  return output(dispatch, "y", (index) => {
    const { value, error } = normalAt(own, index);
    const noise = of("level") * value;
    const rounding = 3 * UNIT * (Math.abs(x(index)) + Math.abs(noise));
    return { value: x(index) + noise, error: of("level") * error + rounding };
  });
};

const multiply: Reference = (task) => {
  const own = opened(task, "multiply");
  const { dispatch, x, of } = own;
  return output(dispatch, "y", (index) => {
    const { value, error } = normalAt(own, index);
    const noise = of("level") * value;
    const rounding = 4 * UNIT * (1 + Math.abs(noise));
    const off = Math.abs(x(index)) * (of("level") * error + rounding);
    return { value: x(index) * (1 + noise), error: off };
  });
};

const alpha: Reference = (task) => {
  const { dispatch, x, uniform, of } = opened(task, "alpha");
  return output(dispatch, "y", (index) => {
    if (uniform(index) < of("level")) return exactly(of("dropped"));
    const scaled = x(index) * of("scale");
    const magnitude = Math.abs(scaled) + Math.abs(of("shift"));
    return within(scaled + of("shift"), 3, magnitude);
  });
};

const spatial: Reference = (task) => {
  const { dispatch, x, uniform, of } = opened(task, "spatial", "scalars");
  const [places, channels] = [of("places"), of("channels")];
  return output(dispatch, "written", (index) => {
    const map = Math.floor(index / (places * channels)) * channels + (index % channels);
    return uniform(map) < of("level") ? exactly(0) : within(x(index) * of("scale"), 1);
  });
};

export const NOISE: Readonly<Record<string, Reference>> = {
  "noise/add": add,
  "noise/multiply": multiply,
  "noise/alpha": alpha,
  "noise/spatial": spatial,
};
