// The picture of a search: the score of every trial in order with the best so far, and below it the score against each
// hyper-parameter, so that one sees which of them mattered. Failed trials have no score and are not drawn.

import {
  gridValues,
  type NumberParameter,
  type Parameter,
  stepCount,
  type Value,
} from "../../tune/parameter.ts";
import type { Space } from "../../tune/space.ts";
import {
  isBetter,
  type Objective,
  rankTrials,
  type ScoredTrial,
  type Trial,
} from "../../tune/trial.ts";
import { formatGeneral } from "../text/tuner-text.ts";
import { type ChartSpec, INK, PALETTE, renderChart } from "./render.ts";

export interface TrialsChart {
  readonly trials: readonly Trial[];
  readonly space: Space;
  readonly objective: Objective;
}

const COLUMNS = 3;
const SMALL = { width: 210, height: 130 } as const;
const GAP = 44;
/** About what the labels of a score axis take, so that the wide panel ends where the rows below it do. */
const AXIS = 33;
const WIDE = { width: COLUMNS * SMALL.width + (COLUMNS - 1) * (GAP + AXIS), height: 190 } as const;

interface Point {
  /** From 1. */
  readonly number: number;
  readonly score: number;
  readonly isBest: boolean;
  readonly values: Trial["values"];
}

export async function trialsSvg({ trials, space, objective }: TrialsChart): Promise<string> {
  const ranked = rankTrials(trials, objective);
  const [best] = ranked;
  const points = trials.flatMap((trial, index): Point[] => {
    if (trial.score === null) return [];
    const isBest = trial === best;
    return [{ number: index + 1, score: trial.score, isBest, values: trial.values }];
  });
  const shown = space.filter(({ kind }) => kind !== "fixed");
  const panels = shown.map((parameter) => parameterPanel(parameter, points, objective));
  const rows = Array.from({ length: Math.ceil(panels.length / COLUMNS) }, (_, row) => ({
    hconcat: panels.slice(row * COLUMNS, (row + 1) * COLUMNS),
    spacing: GAP,
  }));
  const subtitle = subtitleOf(best, trials, objective);
  return await renderChart({
    vconcat: [orderPanel(points, { objective, total: trials.length, subtitle }), ...rows],
    spacing: 26,
  } as ChartSpec);
}

function subtitleOf(
  best: ScoredTrial | undefined,
  trials: readonly Trial[],
  { name }: Objective,
): string {
  const failed = trials.filter(({ status }) => status === "failed").length;
  const failures = failed === 0 ? "" : `; ${failed} of ${trials.length} failed`;
  if (!best) return `no trial was scored${failures}`;
  const number = trials.indexOf(best) + 1;
  return `best ${name} ${scoreText(best.score, name)} in trial ${number} of ${trials.length}${failures}`;
}

function scoreText(score: number, name: string): string {
  return isShare(name) ? `${(100 * score).toFixed(2)}%` : score.toPrecision(4);
}

function isShare(name: string): boolean {
  return name.endsWith("accuracy");
}

/** One scale for all panels, also for one without a point. */
function scoreDomain(points: readonly Point[]): [number, number] {
  if (points.length === 0) return [0, 1];
  const scores = points.map(({ score }) => score);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const margin = 0.05 * (high - low || Math.abs(high) || 1);
  return [low - margin, high + margin];
}

function scoreAxis({ name }: Objective, points: readonly Point[], title: string | null) {
  const format = isShare(name) ? ".2~%" : ".4~g";
  return {
    field: "score",
    type: "quantitative",
    title,
    scale: { domain: scoreDomain(points), zero: false, nice: 5 },
    axis: { format, tickCount: 5, domain: false, ticks: false },
  };
}

/** The best in the strong colour and above the others. */
const MARK = { type: "point", filled: true, size: 55, opacity: 0.85 } as const;
const COLOUR = {
  condition: { test: "datum.isBest", value: PALETTE.vermillion },
  value: PALETTE.blue,
} as const;

interface OrderPanel {
  readonly objective: Objective;
  readonly total: number;
  readonly subtitle: string;
}

function orderPanel(points: readonly Point[], { objective, total, subtitle }: OrderPanel) {
  const axis = { format: "~r", grid: false, tickMinStep: 1, tickCount: 12 };
  const domain = [0.5, Math.max(1, total) + 0.5];
  const x = {
    field: "number",
    type: "quantitative",
    title: "trial",
    scale: { domain, nice: false },
    axis,
  };
  const y = scoreAxis(objective, points, objective.name);
  const steps = bestSoFar(points, objective, total);
  const line = { type: "line", interpolate: "step-after", strokeWidth: 1.6, color: INK.axis };
  return {
    ...WIDE,
    title: { text: "Trials", subtitle: `${subtitle}; the line is the best so far` },
    layer: [
      { data: { values: steps }, mark: line, encoding: { x, y } },
      { data: { values: bestLast(points) }, mark: MARK, encoding: { x, y, color: COLOUR } },
    ],
  };
}

function bestSoFar(points: readonly Point[], objective: Objective, total: number) {
  const steps: { number: number; score: number }[] = [];
  for (const { number, score } of points) {
    const before = steps.at(-1)?.score ?? null;
    if (isBetter(objective, score, before)) steps.push({ number, score });
  }
  const last = steps.at(-1);
  return last ? [...steps, { number: Math.max(total, last.number), score: last.score }] : [];
}

function bestLast(points: readonly Point[]): readonly Point[] {
  return [...points].sort((a, b) => Number(a.isBest) - Number(b.isBest));
}

function parameterPanel(parameter: Parameter, points: readonly Point[], objective: Objective) {
  const { name } = parameter;
  const values = bestLast(points).flatMap(({ score, isBest, values: all }) => {
    const value = all[name];
    return value === undefined ? [] : [{ score, isBest, value: drawn(parameter, value) }];
  });
  return {
    ...SMALL,
    data: { values },
    mark: MARK,
    encoding: { x: valueAxis(parameter), y: scoreAxis(objective, points, null), color: COLOUR },
  };
}

/** A range with more steps is drawn as a scale. */
const MOST_STEPS = 8;

/** Few values stand side by side as words; the others on a scale. */
function valueAxis(parameter: Parameter) {
  const { name: title } = parameter;
  if (parameter.kind === "int" || parameter.kind === "float") {
    const steps = stepsOf(parameter);
    return steps ? categoryAxis(title, steps) : scaleAxis(parameter);
  }
  const values = parameter.kind === "choice" ? parameter.values : [true, false];
  const allNumbers = values.every((value) => typeof value === "number");
  const sorted = allNumbers ? [...values].sort((a, b) => Number(a) - Number(b)) : values;
  return categoryAxis(title, sorted.map(word));
}

function categoryAxis(title: string, domain: readonly string[]) {
  const axis = { grid: false, labelAngle: 0, labelOverlap: false, ticks: false };
  return { field: "value", type: "nominal", title, scale: { domain }, axis };
}

function scaleAxis({ name, min, max, sampling }: NumberParameter) {
  const type = sampling === "log" ? "log" : "linear";
  const scale = { type, domain: [min, max], nice: false };
  const axis = { grid: false, tickCount: 4, format: "~g" };
  return { field: "value", type: "quantitative", title: name, scale, axis };
}

/** The values of a range that has few, in order; else null. */
function stepsOf(parameter: NumberParameter): string[] | null {
  if (parameter.step === null || stepCount(parameter) > MOST_STEPS) return null;
  const values = gridValues(parameter).map(Number);
  return values.sort((a, b) => a - b).map(word);
}

function drawn(parameter: Parameter, value: Value): string | number {
  const isNumber = parameter.kind === "int" || parameter.kind === "float";
  return isNumber && !stepsOf(parameter) ? Number(value) : word(value);
}

function word(value: Value): string {
  return typeof value === "number" ? formatGeneral(value, 5) : String(value);
}
