// One hyper-parameter as plain data, and the maps between its values and probabilities in [0, 1), after KerasTuner 1.4.7.
// Which parameters there are and what is sampled from them is not its business.

import { UsageError } from "../engine/core/errors.ts";

export type Value = number | string | boolean;

/** Values by name, in the order in which the parameters were declared. */
export type Values = Readonly<Record<string, Value>>;

/** Active only while the parent has one of these values. */
export interface Condition {
  readonly parent: string;
  readonly values: readonly Value[];
}

interface Declared {
  readonly name: string;
  /** All must hold; empty: always active. */
  readonly conditions: readonly Condition[];
}

/** `reverse-log` is dense near the maximum as `log` is near the minimum. */
export type Sampling = "linear" | "log" | "reverse-log";

export interface NumberParameter extends Declared {
  readonly kind: "int" | "float";
  /** Both inclusive. */
  readonly min: number;
  readonly max: number;
  /** Distance of neighbours (linear) or their ratio (log); null: everything between. */
  readonly step: number | null;
  readonly sampling: Sampling;
  readonly default: number;
}

export interface ChoiceParameter extends Declared {
  readonly kind: "choice";
  readonly values: readonly Value[];
  readonly default: Value;
}

export interface BooleanParameter extends Declared {
  readonly kind: "boolean";
  readonly default: boolean;
}

export interface FixedParameter extends Declared {
  readonly kind: "fixed";
  readonly default: Value;
}

export type Parameter = NumberParameter | ChoiceParameter | BooleanParameter | FixedParameter;

/** KerasTuner's, against quotients that fall short of a whole number. */
const SLACK = 1e-8;

/** Probes of a range without steps, where a list of values is needed. */
const PROBES = 10;

/** Whether the parameter can have the value: of its kind, and within its range but for rounding. */
export function isValueOf(parameter: Parameter, value: unknown): value is Value {
  switch (parameter.kind) {
    case "fixed":
      return value === parameter.default;
    case "boolean":
      return typeof value === "boolean";
    case "choice":
      return parameter.values.includes(value as Value);
    default:
      return isNumberOf(parameter, value);
  }
}

function isNumberOf({ kind, min, max }: NumberParameter, value: unknown): boolean {
  if (typeof value !== "number" || (kind === "int" && !Number.isSafeInteger(value))) return false;
  const slack = SLACK * Math.max(Math.abs(min), Math.abs(max));
  return value >= min - slack && value <= max + slack;
}

/** The value at a cumulative probability in [0, 1). */
export function probToValue(parameter: Parameter, prob: number): Value {
  switch (parameter.kind) {
    case "fixed":
      return parameter.default;
    case "boolean":
      return prob >= 0.5;
    case "choice":
      return parameter.values[probToIndex(prob, parameter.values.length)] ?? parameter.default;
    default:
      return numberAt(parameter, prob);
  }
}

/** The probability of a value; where values are few, the middle of its share. */
export function valueToProb(parameter: Parameter, value: Value): number {
  switch (parameter.kind) {
    case "fixed":
      return 0.5;
    case "boolean":
      return value === true ? 0.75 : 0.25;
    case "choice":
      return indexToProb(parameter.values.indexOf(value), parameter.values.length);
    default:
      return numberToProb(parameter, Number(value));
  }
}

/**
 * The values that a grid visits: the default first, then the others in order. A range without steps is probed at the
 * middles of ten equal shares, ascending (KerasTuner's order there is that of a Python set).
 */
export function gridValues(parameter: Parameter): readonly Value[] {
  const others = listValues(parameter).filter((value) => value !== parameter.default);
  return [parameter.default, ...new Set(others)];
}

function listValues(parameter: Parameter): readonly Value[] {
  switch (parameter.kind) {
    case "fixed":
      return [parameter.default];
    case "boolean":
      return [true, false];
    case "choice":
      return parameter.values;
    default:
      if (parameter.step === null) {
        return Array.from({ length: PROBES }, (_, i) => numberAt(parameter, i * 0.1 + 0.05));
      }
      return Array.from({ length: stepCount(parameter) }, (_, i) => numberAtStep(parameter, i));
  }
}

function probToIndex(prob: number, count: number): number {
  return Math.min(count - 1, Math.floor(prob / (1 / count)));
}

function indexToProb(index: number, count: number): number {
  return (index + 0.5) * (1 / count);
}

function numberAt(parameter: NumberParameter, prob: number): number {
  const { kind, min, max, step, sampling } = parameter;
  if (step !== null) return numberAtStep(parameter, probToIndex(prob, stepCount(parameter)));
  // One more, so that the maximum of whole numbers has its share too; a probability of 1 would lead beyond it.
  const top = kind === "int" ? max + 1 : max;
  let value = prob * (top - min) + min;
  if (sampling === "log") value = min * (top / min) ** prob;
  if (sampling === "reverse-log") value = top + min - min * (top / min) ** (1 - prob);
  return kind === "int" ? Math.min(max, Math.trunc(value)) : value;
}

function numberAtStep(parameter: NumberParameter, index: number): number {
  const { kind, min, max, sampling } = parameter;
  const step = parameter.step ?? 1;
  let value = min + index * step;
  if (sampling === "log") value = min * step ** index;
  if (sampling === "reverse-log") value = max + min - min * step ** index;
  return kind === "int" ? Math.trunc(value) : value;
}

function numberToProb(parameter: NumberParameter, value: number): number {
  if (parameter.step !== null) return stepToProb(parameter, value, parameter.step);
  const { kind, min, max, sampling } = parameter;
  const whole = kind === "int";
  const top = whole ? max + 1 : max;
  const at = whole ? value + 0.5 : value;
  if (top === min) return 0.5;
  if (sampling === "linear") return (at - min) / (top - min);
  if (sampling === "log") return Math.log(at / min) / Math.log(top / min);
  return 1 - Math.log((top + min - at) / min) / Math.log(top / min);
}

function stepToProb(parameter: NumberParameter, value: number, step: number): number {
  const { min, max, sampling } = parameter;
  let index = Math.floor((value - min) / step + SLACK);
  if (sampling === "log") index = Math.log(value / min) / Math.log(step);
  if (sampling === "reverse-log") index = Math.log((max - value + min) / min) / Math.log(step);
  return indexToProb(index, stepCount(parameter));
}

/** How many values a range with steps has. KerasTuner has no slack when linear, and so no 0.5 from 0 to 0.5 by 0.1. */
export function stepCount({ min, max, step, sampling }: NumberParameter): number {
  const size = step ?? 1;
  if (sampling === "linear") return Math.floor((max - min) / size + SLACK) + 1;
  return Math.trunc(Math.log(max / min) / Math.log(size) + SLACK) + 1;
}

/** Throws UsageError, naming the parameter, for a range, step or default that makes no sense. */
export function checkParameter(parameter: Parameter): void {
  const where = `hp.${parameter.kind} ${parameter.name}`;
  if (parameter.kind === "choice") checkChoice(parameter, where);
  if (parameter.kind === "int" || parameter.kind === "float") checkNumber(parameter, where);
}

function checkChoice({ values, default: standard }: ChoiceParameter, where: string): void {
  const types = new Set(values.map((value) => typeof value));
  if (values.length === 0) throw new UsageError(`${where}: needs at least one value, got none`);
  if (types.size > 1) {
    throw new UsageError(`${where}: values must be of one type, got ${[...types].join(" and ")}`);
  }
  if (!values.includes(standard)) {
    throw new UsageError(`${where}: the default must be one of the values, got ${standard}`);
  }
}

function checkNumber(parameter: NumberParameter, where: string): void {
  const { kind, min, max, step, sampling, default: standard } = parameter;
  const numbers = [min, max, standard, step ?? 1];
  const fits = kind === "int" ? Number.isSafeInteger : Number.isFinite;
  if (!numbers.every(fits)) {
    const rule = kind === "int" ? "must be whole numbers" : "must be finite numbers";
    throw new UsageError(`${where}: min, max, step and default ${rule}, got ${numbers.join(", ")}`);
  }
  if (min > max) {
    throw new UsageError(`${where}: min must be at most max, got ${min} and ${max}`);
  }
  if (sampling !== "linear" && min <= 0) {
    throw new UsageError(`${where}: ${sampling} sampling needs a min above 0, got ${min}`);
  }
  if (step !== null && step <= (sampling === "linear" ? 0 : 1)) {
    const least = sampling === "linear" ? 0 : 1;
    throw new UsageError(`${where}: step must be above ${least}, got ${step}`);
  }
  if (standard < min || standard > max) {
    throw new UsageError(`${where}: the default must lie from ${min} to ${max}, got ${standard}`);
  }
}
