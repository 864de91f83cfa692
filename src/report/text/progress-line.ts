// Keras's progress line, letter for letter: Keras 3's with colours for a terminal, Keras 2's plain one for files and
// pipes. Pure functions from a state to a string; who prints it, and how often, is the terminal's business.
// Formats: keras/src/utils/progbar.py (3.x) and keras/utils/generic_utils.py (2.8).

import { formatExponent, formatFixed } from "../../format/number-format.ts";

export interface ProgressState {
  /** Steps done, of `target`. */
  readonly current: number;
  readonly target: number;
  /** Seconds since the epoch began. */
  readonly elapsed: number;
  /** Seconds a step takes; see stepDuration. */
  readonly secondsPerStep: number;
  /** In the order of Keras 2, under its names: loss, accuracy, val_loss, val_accuracy, lr. */
  readonly metrics: readonly (readonly [name: string, value: number])[];
  /** The last line of the epoch shows the time taken, not the time left. Default: current >= target. */
  readonly final?: boolean;
}

const KERAS2_WIDTH = 30;
const KERAS3_WIDTH = 20;

/** `77/1140 [=>....] - ETA: 4s - loss: 0.1586` and, at the end, `- 4s 3ms/step - loss: …`. No line end. */
export function keras2Line(state: ProgressState): string {
  const { current, target, elapsed, secondsPerStep } = state;
  const done = Math.trunc((KERAS2_WIDTH * current) / target);
  const head = done > 0 ? "=".repeat(done - 1) + (current < target ? ">" : "=") : "";
  const bar = `${stepCount(state)} [${head.padEnd(KERAS2_WIDTH, ".")}]`;
  const time = isFinal(state)
    ? `${formatFixed(elapsed, 0)}s ${formatPer(secondsPerStep, "step")}`
    : `ETA: ${formatEta(secondsPerStep * (target - current))}`;
  return `${bar} - ${time}${formatMetrics(state.metrics)}`;
}

/** The one line an epoch of `verbose=2`: `1140/1140 - 4s - loss: … - 4s/epoch - 4ms/step`. */
export function keras2EpochLine(state: ProgressState): string {
  const { target, elapsed } = state;
  const times = `${formatPer(elapsed, "epoch")} - ${formatPer(elapsed / target, "step")}`;
  const took = `${formatFixed(elapsed, 0)}s`;
  return `${stepCount(state)} - ${took}${formatMetrics(state.metrics)} - ${times}`;
}

/** Keras 3: bold counts and times, a green bar on white, metrics by name and the learning rate last. No line end. */
export function keras3Line(state: ProgressState): string {
  const { current, target, elapsed, secondsPerStep } = state;
  const done = Math.trunc((KERAS3_WIDTH * current) / target);
  const green = done > 0 ? `\x1b[32m${"━".repeat(done)}\x1b[0m` : "";
  const bar = `${green}\x1b[37m${"━".repeat(KERAS3_WIDTH - done)}\x1b[0m`;
  const time = isFinal(state)
    ? `${formatFixed(elapsed, 0)}s`
    : formatEta(secondsPerStep * (target - current));
  const per = formatPer(secondsPerStep, "step");
  const metrics = formatMetrics(keras3Order(state.metrics));
  return `\x1b[1m${stepCount(state)}\x1b[0m ${bar} \x1b[1m${time}\x1b[0m ${per}${metrics}`;
}

/** `Epoch 3/20`, which Keras prints above the line when there is more than one epoch. */
export function epochHeader(epoch: number, epochs: number): string {
  return `Epoch ${epoch}/${epochs}`;
}

export interface StepTimes {
  readonly current: number;
  /** Seconds, on any one clock. */
  readonly start: number;
  readonly now: number;
  /** When the first step ended, if it was seen; it holds compilation and is left out of the mean. */
  readonly firstStepEnd?: number | undefined;
}

/** Seconds a step takes, as Progbar estimates it. */
export function stepDuration({ current, start, now, firstStepEnd }: StepTimes): number {
  if (current === 0) return 0;
  if (firstStepEnd !== undefined && current > 1) return (now - firstStepEnd) / (current - 1);
  return (now - start) / current;
}

/** `4s`, `1:05`, `2:03:04`; whole seconds, cut off. */
export function formatEta(seconds: number): string {
  const two = (part: number): string => String(Math.floor(part)).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (seconds > 3600)
    return `${Math.floor(seconds / 3600)}:${two(minutes % 60)}:${two(seconds % 60)}`;
  if (seconds > 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.trunc(seconds)}s`;
}

/** `0.9392`, or `9.0484e-04` from 1e-3 down. Keras's logs hold float32, so 0.001 is just above and prints 0.0010. */
export function formatMetric(value: number): string {
  const single = Math.fround(value);
  return Math.abs(single) > 1e-3 ? formatFixed(single, 4) : formatExponent(single, 4);
}

function isFinal({ final, current, target }: ProgressState): boolean {
  return final ?? current >= target;
}

function stepCount({ current, target }: ProgressState): string {
  return `${String(current).padStart(String(target).length)}/${target}`;
}

function formatMetrics(metrics: ProgressState["metrics"]): string {
  return metrics.map(([name, value]) => ` - ${name}: ${formatMetric(value)}`).join("");
}

function formatPer(seconds: number, unit: string): string {
  if (seconds >= 1 || seconds === 0) return `${formatFixed(seconds, 0)}s/${unit}`;
  if (seconds >= 1e-3) return `${formatFixed(seconds * 1e3, 0)}ms/${unit}`;
  return `${formatFixed(seconds * 1e6, 0)}us/${unit}`;
}

function keras3Order(metrics: ProgressState["metrics"]): ProgressState["metrics"] {
  const isRate = (name: string): boolean => name === "lr" || name === "learning_rate";
  const measured = metrics.filter(([name]) => !isRate(name));
  const rates = metrics.filter(([name]) => isRate(name));
  return [
    ...[...measured].sort(([a], [b]) => (a < b ? -1 : 1)),
    ...rates.map(([, value]) => ["learning_rate", value] as const),
  ];
}
