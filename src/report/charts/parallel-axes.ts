// Trials as lines through parallel axes: one axis for each hyper-parameter and the score at the end. Side by side where
// there is room, one under another where there is not. Values of few choices stand at even distances, others on a scale;
// lines through the same choice are spread a little, so that each can be followed.

import {
  gridValues,
  type NumberParameter,
  type Parameter,
  stepCount,
  type Value,
} from "../../tune/parameter.ts";
import type { Objective } from "../../tune/trial.ts";
import { formatGeneral } from "../text/tuner-text.ts";
import { INK, type Layout, PALETTE } from "./render.ts";
import { type Point, scoreText } from "./trial-points.ts";

/** From 0 to 1, as a share of the axis. */
interface Label {
  readonly at: number;
  readonly text: string;
}

interface Axis {
  readonly name: string;
  readonly labels: readonly Label[];
  /** Null where the trial has no such value. */
  readonly at: (point: Point) => number | null;
}

const SIZES = {
  wide: { along: 760, across: 250 },
  narrow: { along: 0, across: 244 },
} as const;
/** Pixels from axis to axis, one under another. */
const ROW = 58;

export function parallelAxes(
  points: readonly Point[],
  space: readonly Parameter[],
  objective: Objective,
  layout: Layout,
) {
  const axes = [
    ...space.map((parameter) => parameterAxis(parameter, points)),
    scoreAxis(points, objective),
  ];
  const isWide = layout === "wide";
  const last = axes.length - 1;
  const { across } = SIZES[layout];
  const along = isWide ? SIZES.wide.along : last * ROW;
  const lines = points.flatMap((point) =>
    axes.flatMap((axis, i) => {
      const at = axis.at(point);
      const { number, score, isBest } = point;
      return at === null ? [] : [{ number, score, isBest, axis: i, at }];
    }),
  );
  const place = (field: string, range: readonly [number, number], domain: readonly number[]) => ({
    ...{ field, type: "quantitative", axis: null },
    scale: { domain, range, nice: false, zero: false },
  });
  const axisPlace = place("axis", [0, along], [0, Math.max(1, last)]);
  const atPlace = place("at", isWide ? [across, 0] : [0, across], [0, 1]);
  const [x, y] = isWide ? [axisPlace, atPlace] : [atPlace, axisPlace];
  const far = { field: "to" };
  const rules = axes.map((_, axis) => ({ axis, at: 0, to: 1 }));
  const labels = axes.flatMap(({ labels: all }, axis) => all.map((label) => ({ ...label, axis })));
  const names = axes.map(({ name }, axis) => ({
    axis,
    at: isWide ? 1 : 0,
    text: plain(name, isWide),
  }));
  const score = axes.at(-1);
  const ends = score ? endTexts(points, score).map((end) => ({ ...end, axis: last })) : [];
  const after = isWide
    ? { align: "left", baseline: "middle", dx: 8 }
    : { align: "center", baseline: "top", dy: 20 };
  const beside = isWide
    ? { align: "right", baseline: "middle", dx: -7 }
    : { align: "center", baseline: "top", dy: 6 };
  const above = isWide
    ? { align: "center", baseline: "bottom", dy: -31, lineHeight: 15 }
    : { align: "left", baseline: "bottom", dy: -7 };
  return {
    ...{ width: isWide ? along : across, height: isWide ? across : along },
    title: {
      text: "Where each trial's choices led",
      subtitle: captions(points, layout),
      offset: isWide ? 54 : 30,
    },
    layer: [
      {
        data: { values: rules },
        mark: { type: "rule", color: INK.axis, strokeWidth: 1.2 },
        encoding: { x, y, ...(isWide ? { y2: far } : { x2: far }) },
      },
      ...[false, true].map((isBest) => lineLayer(lines, isBest, { x, y }, isWide)),
      ...haloedText(labels, { ...beside, fontSize: 11, color: INK.muted }, { x, y }),
      ...haloedText(names, { ...above, fontSize: 12, fontWeight: 600, color: INK.text }, { x, y }),
      ...haloedText(ends, { ...after, fontSize: 11, fontWeight: 600, color: INK.text }, { x, y }),
    ],
  };
}

function captions(points: readonly Point[], layout: Layout): string[] {
  const best = points.filter(({ isBest }) => isBest).length;
  const lines = [
    best > 1
      ? `in the strong colour: the ${best} trials that tie for the best`
      : "in the strong colour: the best trial",
    "the paler a line, the worse its trial; = is a tie",
  ];
  return layout === "wide" ? [lines.join("; ")] : lines;
}

interface Places {
  readonly x: object;
  readonly y: object;
}

interface LinePoint {
  readonly number: number;
  readonly score: number;
  readonly isBest: boolean;
  readonly axis: number;
  readonly at: number;
}

function lineLayer(lines: readonly LinePoint[], isBest: boolean, places: Places, isWide: boolean) {
  const values = lines.filter((point) => point.isBest === isBest);
  const ranks = [...new Set(lines.map(({ score }) => score))].sort((a, b) => a - b);
  const opacity = (score: number): number =>
    isBest ? 1 : 0.4 + 0.45 * (ranks.indexOf(score) / Math.max(1, ranks.length - 1));
  const mark = {
    ...{ type: "line", strokeWidth: isBest ? 2.6 : 1.5, strokeJoin: "round" },
    interpolate: isWide ? "monotone" : "linear",
    color: isBest ? PALETTE.vermillion : PALETTE.blue,
    point: {
      size: isBest ? 34 : 18,
      opacity: 1,
      color: isBest ? PALETTE.vermillion : PALETTE.blue,
    },
  };
  return {
    data: { values: values.map((point) => ({ ...point, strength: opacity(point.score) })) },
    mark,
    encoding: {
      ...places,
      detail: { field: "number" },
      order: { field: "axis" },
      opacity: { field: "strength", type: "quantitative", scale: null, legend: null },
    },
  };
}

/** Readable where lines run under it. */
function haloedText(values: readonly object[], mark: object, places: Places): object[] {
  const halo = { stroke: "white", strokeWidth: 3, strokeJoin: "round" };
  return [halo, {}].map((outline) => ({
    data: { values },
    mark: { type: "text", ...mark, ...outline },
    encoding: { ...places, text: { field: "text" } },
  }));
}

/** `3`, or `1 = 2` for trials of one score: of the best, and of all that are equal. */
function endTexts(points: readonly Point[], axis: Axis): { at: number; text: string }[] {
  const scores = [...new Set(points.map(({ score }) => score))];
  return scores.flatMap((score) => {
    const equals = points.filter((point) => point.score === score);
    const [first] = equals;
    if (!first || (equals.length === 1 && !first.isBest)) return [];
    const text = equals.map(({ number }) => number).join(" = ");
    return [{ at: axis.at(first) ?? 0, text }];
  });
}

/** `units_1` is a name for programs. Side by side it takes two lines, the first of which may be empty. */
function plain(name: string, isWide: boolean): string | readonly string[] {
  if (!isWide) return name.replaceAll("_", " ");
  const words = name.split("_");
  return [words.slice(0, -1).join(" "), words.at(-1) ?? ""];
}

function scoreAxis(points: readonly Point[], objective: Objective): Axis {
  const scores = points.map(({ score }) => score);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const at = (score: number): number => (high === low ? 0.5 : (score - low) / (high - low));
  const ends = [...new Set([low, high])];
  return {
    name: objective.name,
    labels: ends.map((score) => ({ at: at(score), text: scoreText(score, objective) })),
    at: ({ score }) => at(score),
  };
}

/** A range with more steps is a scale. */
const MOST_STEPS = 8;

function parameterAxis(parameter: Parameter, points: readonly Point[]): Axis {
  const isNumber = parameter.kind === "int" || parameter.kind === "float";
  const steps = isNumber ? stepsOf(parameter) : choicesOf(parameter);
  return steps
    ? choiceAxis(parameter.name, steps, points)
    : rangeAxis(parameter as NumberParameter);
}

function choicesOf(parameter: Parameter): readonly Value[] {
  if (parameter.kind === "boolean") return [false, true];
  const values = parameter.kind === "choice" ? parameter.values : [parameter.default];
  const allNumbers = values.every((value) => typeof value === "number");
  return allNumbers ? [...values].sort((a, b) => Number(a) - Number(b)) : values;
}

/** The values of a range that has few, in order; else null. */
function stepsOf(parameter: NumberParameter): readonly Value[] | null {
  if (parameter.step === null || stepCount(parameter) > MOST_STEPS) return null;
  return [...gridValues(parameter)].sort((a, b) => Number(a) - Number(b));
}

/** Of the distance between two choices, what the lines through one of them are spread over. */
const SPREAD = 0.36;

function choiceAxis(name: string, values: readonly Value[], points: readonly Point[]): Axis {
  const words = values.map(word);
  const gap = 1 / words.length;
  const centre = (index: number): number => (index + 0.5) * gap;
  return {
    name,
    labels: words.map((text, i) => ({ at: centre(i), text })),
    at: ({ number, values: own }) => {
      const value = own[name];
      if (value === undefined) return null;
      const index = words.indexOf(word(value));
      const through = points.filter((point) => {
        const other = point.values[name];
        return other !== undefined && word(other) === words[index];
      });
      const place = through.findIndex((point) => point.number === number);
      const share = through.length > 1 ? place / (through.length - 1) - 0.5 : 0;
      return centre(index) + share * SPREAD * gap;
    },
  };
}

function rangeAxis({ name, min, max, sampling }: NumberParameter): Axis {
  const scale = (value: number): number => (sampling === "log" ? Math.log(value) : value);
  const [low, high] = [scale(min), scale(max)];
  const at = (value: number): number => (high === low ? 0.5 : (scale(value) - low) / (high - low));
  return {
    name,
    labels: rangeLabels(min, max, sampling === "log").map((value) => {
      return { at: at(value), text: word(value) };
    }),
    at: ({ values }) => (values[name] === undefined ? null : at(Number(values[name]))),
  };
}

/** The ends, and on a logarithmic scale the powers of ten well between them. */
function rangeLabels(min: number, max: number, isLog: boolean): number[] {
  if (min === max) return [min];
  if (!isLog) return [min, (min + max) / 2, max];
  const powers = Array.from({ length: 40 }, (_, i) => 10 ** (i - 20));
  return [min, ...powers.filter((power) => power > 1.6 * min && power < max / 1.6), max];
}

function word(value: Value): string {
  return typeof value === "number" ? formatGeneral(value, 3) : String(value);
}
