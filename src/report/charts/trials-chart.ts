// The picture of a search: the score of every trial in order with the best so far, and all trials as lines through parallel
// axes, one for each hyper-parameter and the score at the end, so that one sees where good trials run. Trials of equal
// score, the best ones above all, are said to be equal. Failed trials have no score and are not drawn.

import type { Space } from "../../tune/space.ts";
import { isBetter, type Objective, type Trial } from "../../tune/trial.ts";
import { wholeTicks } from "./panels.ts";
import { parallelAxes } from "./parallel-axes.ts";
import { type ChartSpec, INK, type Layout, PALETTE, renderChart } from "./render.ts";
import { isShare, type Point, pointsOf, scoreText } from "./trial-points.ts";

export interface TrialsChart {
  readonly trials: readonly Trial[];
  readonly space: Space;
  readonly objective: Objective;
}

const SIZES = {
  wide: { width: 760, height: 190 },
  narrow: { width: 244, height: 170 },
} as const;

export async function trialsSvg(chart: TrialsChart, layout: Layout = "wide"): Promise<string> {
  const { trials, space, objective } = chart;
  const points = pointsOf(trials, objective);
  const order = orderPanel(points, chart, layout);
  const shown = space.filter(({ kind }) => kind !== "fixed");
  const axes = points.length > 0 ? [parallelAxes(points, shown, objective, layout)] : [];
  return await renderChart({ vconcat: [order, ...axes], spacing: 34 } as unknown as ChartSpec);
}

/** What stands under the title, a line each. */
function subtitleOf(points: readonly Point[], { trials, objective }: TrialsChart): string[] {
  const failed = trials.filter(({ status }) => status === "failed").length;
  const failures = failed === 0 ? "" : `; ${failed} of ${trials.length} failed`;
  const best = points.filter(({ isBest }) => isBest);
  const [first] = best;
  if (!first) return [`no trial was scored${failures}`];
  const score = scoreText(first.score, objective);
  const numbers = best.map(({ number }) => number);
  const which =
    best.length === 1
      ? `best ${objective.name} ${score} in trial ${numbers[0]} of ${trials.length}`
      : `a tie: best ${objective.name} ${score} in trials ${listed(numbers)} of ${trials.length}`;
  return [which + failures, ...otherTies(points, objective)];
}

/** `also equal: 3 and 5 (70.00%)`, of what is not best; the three best of them. */
function otherTies(points: readonly Point[], objective: Objective): string[] {
  const others = points.filter(({ isBest }) => !isBest);
  const scores = [...new Set(others.map(({ score }) => score))];
  const sign = objective.direction === "max" ? -1 : 1;
  const ties = scores
    .sort((a, b) => sign * (a - b))
    .map((score) => others.filter((point) => point.score === score))
    .filter((equals) => equals.length > 1)
    .slice(0, 3)
    .map((equals) => {
      const numbers = listed(equals.map(({ number }) => number));
      return `${numbers} (${scoreText(equals[0]?.score ?? 0, objective)})`;
    });
  return ties.length === 0 ? [] : [`also equal: ${ties.join("; ")}`];
}

function listed(numbers: readonly number[]): string {
  return `${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;
}

/** Also for a picture without a point. */
function scoreDomain(points: readonly Point[]): [number, number] {
  if (points.length === 0) return [0, 1];
  const scores = points.map(({ score }) => score);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const margin = 0.05 * (high - low || Math.abs(high) || 1);
  return [low - margin, high + margin];
}

const COLOUR = {
  condition: { test: "datum.isBest", value: PALETTE.vermillion },
  value: PALETTE.blue,
} as const;

function orderPanel(points: readonly Point[], chart: TrialsChart, layout: Layout) {
  const { objective, trials } = chart;
  const total = trials.length;
  const x = {
    field: "number",
    type: "quantitative",
    title: "trial",
    scale: { domain: [0.5, Math.max(1, total) + 0.5], nice: false },
    axis: {
      labelExpr: "datum.value",
      grid: false,
      values: wholeTicks(total, layout === "wide" ? 12 : 6),
    },
  };
  const y = {
    field: "score",
    type: "quantitative",
    title: objective.name,
    scale: { domain: scoreDomain(points), zero: false, nice: 5 },
    axis: {
      ...{ format: isShare(objective.name) ? ".2~%" : ".4~g", tickCount: 5 },
      ...{ domain: false, ticks: false },
    },
  };
  const steps = bestSoFar(points, objective, total);
  const line = { type: "line", interpolate: "step-after", strokeWidth: 1.6, color: INK.axis };
  const mark = { type: "point", filled: true, size: 60, opacity: 1 };
  const lines = subtitleOf(points, chart).flatMap((text) => wrapped(text, layout));
  const subtitle = [...lines, "the line is the best so far"];
  const shown = [...points].sort((a, b) => Number(a.isBest) - Number(b.isBest));
  return {
    ...SIZES[layout],
    title: { text: "Trials", subtitle },
    layer: [
      { data: { values: steps }, mark: line, encoding: { x, y } },
      { data: { values: shown }, mark, encoding: { x, y, color: COLOUR } },
    ],
  };
}

/** A narrow picture has no room for long lines. */
function wrapped(line: string, layout: Layout): string[] {
  if (layout === "wide") return [line];
  const lines: string[] = [];
  for (const word of line.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 42)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
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
