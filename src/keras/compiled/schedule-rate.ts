// The rates of Keras's schedules by the count of steps.
//   https://github.com/keras-team/keras/blob/v3.12.0/keras/src/optimizers/schedules/learning_rate_schedule.py

import type { KerasSchedule } from "./compiled.ts";

/** After so many steps; null for a schedule that is not known, or lacks a setting. */
export function scheduleRate({ className, config }: KerasSchedule, steps: number): number | null {
  const number = (key: string, initial = Number.NaN): number => {
    const value = config[key];
    return typeof value === "number" ? value : initial;
  };
  const rate = RATES[className]?.(number, { steps, config }) ?? null;
  return rate !== null && Number.isFinite(rate) ? rate : null;
}

type NumberOf = (key: string, initial?: number) => number;
interface Place {
  readonly steps: number;
  readonly config: KerasSchedule["config"];
}

const RATES: Readonly<Record<string, (number: NumberOf, place: Place) => number>> = {
  ExponentialDecay: (number, place) =>
    number("initial_learning_rate") * number("decay_rate") ** progress(number, place),
  InverseTimeDecay: (number, place) =>
    number("initial_learning_rate") / (1 + number("decay_rate") * progress(number, place)),
  PolynomialDecay: polynomial,
  CosineDecay: cosine,
  PiecewiseConstantDecay: (_number, { steps, config }) => {
    const { boundaries, values } = config;
    if (!Array.isArray(boundaries) || !Array.isArray(values)) return Number.NaN;
    const passed = boundaries.filter((boundary) => Number(boundary) < steps).length;
    return Number(values[passed]);
  },
};

function progress(number: NumberOf, { steps, config }: Place): number {
  const share = steps / number("decay_steps");
  return config["staircase"] === true ? Math.floor(share) : share;
}

function polynomial(number: NumberOf, { steps, config }: Place): number {
  const length = number("decay_steps");
  const [first, last] = [number("initial_learning_rate"), number("end_learning_rate", 1e-4)];
  const whole = config["cycle"] === true ? length * Math.max(1, Math.ceil(steps / length)) : length;
  const done = Math.min(steps, whole) / whole;
  return (first - last) * (1 - done) ** number("power", 1) + last;
}

/** Where there is a target, the rate first climbs to it, along a line. */
function cosine(number: NumberOf, { steps, config }: Place): number {
  const first = number("initial_learning_rate");
  const target = typeof config["warmup_target"] === "number" ? config["warmup_target"] : null;
  const warmup = target === null ? 0 : number("warmup_steps", 0);
  const top = target ?? first;
  if (steps < warmup) return first + ((top - first) * steps) / warmup;
  const share = Math.min(steps - warmup, number("decay_steps")) / number("decay_steps");
  const alpha = number("alpha", 0);
  return top * ((1 - alpha) * 0.5 * (1 + Math.cos(Math.PI * share)) + alpha);
}
