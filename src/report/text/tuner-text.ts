// What KerasTuner 1.4.7 prints about trials: the table before one, the block after it, the summary at the end. Text only;
// numbers look as Python prints them. A trial has one number everywhere, where KerasTuner's summary has its id, one less.

import { formatExponent, formatFixed } from "../../format/number-format.ts";
import type { Value } from "../../tune/parameter.ts";
import type { Space } from "../../tune/space.ts";
import type { Objective, ScoredTrial, Trial } from "../../tune/trial.ts";

const COLUMN = 18;

/** `Search: Running Trial #3` and the table of its values. */
export function trialHeader(trial: Trial, best: ScoredTrial | null): string {
  const rows = Object.entries(trial.values).map(([name, value]) => {
    const known = best?.values[name];
    // Where nothing is best yet, KerasTuner 1.4.7 shows the trial's own values; earlier versions this.
    const shown = best ? (known === undefined ? "None" : cell(known)) : "?";
    return tableRow(cell(value), shown, name);
  });
  const table = [tableRow("Value", "Best Value So Far", "Hyperparameter"), ...rows];
  const body = rows.length > 0 ? table : ["default configuration"];
  return ["", `Search: Running Trial #${trial.id}`, "", ...body, ""].join("\n");
}

function tableRow(value: string, best: string, name: string): string {
  return `${value.padEnd(COLUMN)}|${best.padEnd(COLUMN)}|${name}`;
}

function cell(value: Value): string {
  if (typeof value === "number") return formatGeneral(value, 5);
  const text = pythonText(value);
  return text.length > COLUMN ? `${text.slice(0, COLUMN - 3)}...` : text;
}

export interface TrialEnd {
  readonly trial: Trial;
  readonly objective: Objective;
  readonly best: ScoredTrial | null;
  /** Spent on all trials so far. */
  readonly totalSeconds: number;
}

/** `Trial 8 Complete [00h 00m 10s]` and what follows it. */
export function trialBlock(end: TrialEnd): string {
  const { trial, objective, best, totalSeconds } = end;
  const score = trial.score === null ? [] : [`${objective.name}: ${pythonFloat(trial.score)}`];
  const why = trial.message === null ? [] : [`Trial failed: ${trial.message}`];
  const bestScore = best ? pythonFloat(best.score) : "None";
  return [
    `Trial ${trial.id} Complete [${duration(trial.seconds)}]`,
    ...score,
    ...why,
    "",
    `Best ${objective.name} So Far: ${bestScore}`,
    `Total elapsed time: ${duration(totalSeconds)}`,
  ].join("\n");
}

export interface ResultsSummary {
  readonly folder: string;
  readonly objective: Objective;
  readonly space: Space;
  /** The best first. */
  readonly trials: readonly Trial[];
  /** Default 10. */
  readonly shown?: number;
}

/** KerasTuner's results_summary. */
export function resultsSummary(summary: ResultsSummary): string {
  const { folder, objective, space, trials, shown = 10 } = summary;
  const { name, direction } = objective;
  return [
    "Results summary",
    `Results in ${folder}`,
    `Showing ${shown} best trials`,
    `Objective(name="${name}", direction="${direction}")`,
    ...trials.slice(0, shown).map((trial) => `\n${trialSummary(trial, space)}`),
  ].join("\n");
}

export function trialSummary(trial: Trial, space: Space): string {
  const floats = new Set(space.filter(({ kind }) => kind === "float").map(({ name }) => name));
  const values = Object.entries(trial.values).map(([name, value]) => {
    const isFloat = typeof value === "number" && floats.has(name);
    return `${name}: ${isFloat ? pythonFloat(value) : pythonText(value)}`;
  });
  const score = trial.score === null ? [] : [`Score: ${pythonFloat(trial.score)}`];
  const why = trial.message === null ? [] : [trial.message];
  return [`Trial ${trial.id} summary`, "Hyperparameters:", ...values, ...score, ...why].join("\n");
}

/** `00h 00m 10s`, with days in front where there are any; halves to the even second, as Python rounds. */
export function duration(seconds: number): string {
  const whole = Number(formatFixed(seconds, 0));
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const clock = `${two((whole % 86400) / 3600)}h ${two((whole % 3600) / 60)}m ${two(whole % 60)}s`;
  return whole < 86400 ? clock : `${Math.floor(whole / 86400)}d ${clock}`;
}

/** Python's `{:.5g}` for 5 digits: fixed or with an exponent, whichever is shorter, without trailing zeros. */
export function formatGeneral(value: number, digits: number): string {
  if (!Number.isFinite(value)) return formatFixed(value, 0);
  const [mantissa = "", exponent = "0"] = formatExponent(value, digits - 1).split("e");
  const power = Number(exponent);
  if (power < -4 || power >= digits) return `${trimmed(mantissa)}e${exponent}`;
  return trimmed(formatFixed(value, digits - 1 - power));
}

function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** Python's repr of a float: the shortest digits that read back the same. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return formatFixed(value, 0);
  const [mantissa = "", power = "0"] = value.toExponential().split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? "-" : "+";
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const text = value.toFixed(Math.max(0, mantissa.replace(/[-.]/g, "").length - 1 - exponent));
  return text.includes(".") ? text : `${text}.0`;
}

function pythonText(value: Value): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return String(value);
}
