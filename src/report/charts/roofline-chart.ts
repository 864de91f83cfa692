// The roofline of a step: each dispatch by what it computes for a byte that it moves and by the GFLOPS that it reaches, under
// what the adapter can do at most. Williams, Waterman, Patterson: Roofline (2009). Only dispatches that compute have a dot.

import { bandwidthEnds } from "../../inspect/profile/bandwidths.ts";
import type { Profile, ProfiledDispatch } from "../../inspect/profile/profile-schema.ts";
import { type ChartSpec, INK, PALETTE, renderChart } from "./render.ts";

const SIZE = { width: 640, height: 400 } as const;
const PASS_COLOURS = {
  forward: PALETTE.blue,
  backward: PALETTE.vermillion,
  update: PALETTE.green,
  metric: PALETTE.purple,
  data: PALETTE.orange,
} as const;
/** Of all time; what takes less needs no name. */
const LEAST_SHARE = 0.02;
const FONT_SIZE = 11;
/** About what a character takes. */
const CHARACTER = 0.64 * FONT_SIZE;

interface Place {
  readonly intensity: number;
  readonly gflops: number;
}

interface Dot extends Place {
  readonly pass: string;
  readonly share: number;
  readonly label: string;
}

interface Frame {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

export async function rooflineSvg(profile: Profile): Promise<string> {
  const dots = profile.dispatches.flatMap(dotOf);
  const frame = frameOf(profile, dots);
  const roofs = roofsOf(profile, frame);
  return await renderChart(specOf(profile, { dots, frame, roofs }));
}

function dotOf(dispatch: ProfiledDispatch): Dot[] {
  const { gflops, gbs, pass, share, layer, kernel } = dispatch;
  if (gflops <= 0 || gbs <= 0) return [];
  const what = dispatch.solution?.ladder.split(".").at(-1) ?? kernel.split("/").at(-2) ?? kernel;
  const label = [...new Set([layer ?? pass, what])].join(" ");
  return [{ intensity: gflops / gbs, gflops, pass, share, label }];
}

/** Whole decades below everything that is drawn, and some room above. */
function frameOf({ ceilings }: Profile, dots: readonly Dot[]): Frame {
  const ridge = ceilings.gflops / bandwidthEnds(ceilings).memory;
  const around = (values: readonly number[]): readonly [number, number] => [
    10 ** Math.floor(Math.log10(Math.min(...values))),
    2.5 * Math.max(...values),
  ];
  return {
    x: around([...dots.map(({ intensity }) => intensity), ridge]),
    y: around([...dots.map(({ gflops }) => gflops), ceilings.gflops]),
  };
}

interface Roof {
  readonly name: string;
  readonly points: readonly Place[];
  /** Where it is named, and on which side of the line. */
  readonly at: Place;
  readonly isFlat: boolean;
  readonly isNamedBelow: boolean;
}

/** The flat one of arithmetic, and a slope for what lies in caches and one for what does not. */
function roofsOf({ ceilings }: Profile, { x, y }: Frame): readonly Roof[] {
  const { cache, memory } = bandwidthEnds(ceilings);
  const peak = ceilings.gflops;
  const slope = (gbs: number, name: string, isNamedBelow: boolean): Roof => {
    const start = Math.max(x[0], y[0] / gbs);
    const points = [start, peak / gbs].map((at) => ({ intensity: at, gflops: at * gbs }));
    const [first = { intensity: 1, gflops: 1 }] = points;
    const text = `${name}: ${gbs.toFixed(gbs < 10 ? 1 : 0)} GB/s`;
    return { name: text, points, at: first, isFlat: false, isNamedBelow };
  };
  const ridge = peak / cache;
  return [
    {
      name: `between registers: ${peak.toFixed(0)} GFLOPS`,
      points: [ridge, x[1]].map((intensity) => ({ intensity, gflops: peak })),
      at: { intensity: x[1], gflops: peak },
      ...{ isFlat: true, isNamedBelow: false },
    },
    slope(cache, "in caches", false),
    ...(memory < 0.95 * cache ? [slope(memory, "in memory", true)] : []),
  ];
}

interface Drawn {
  readonly dots: readonly Dot[];
  readonly frame: Frame;
  readonly roofs: readonly Roof[];
}

function specOf(profile: Profile, { dots, frame, roofs }: Drawn): ChartSpec {
  const passes = Object.keys(PASS_COLOURS).filter((pass) => dots.some((dot) => dot.pass === pass));
  const colours = passes.map((pass) => PASS_COLOURS[pass as keyof typeof PASS_COLOURS]);
  const axis = (title: string, domain: readonly [number, number]) => ({
    ...{ title, values: decadesIn(domain), format: "~g" },
  });
  const log = (domain: readonly [number, number]) => ({ type: "log", domain, nice: false });
  const x = {
    field: "intensity",
    type: "quantitative",
    scale: log(frame.x),
    axis: axis("operations for each byte moved", frame.x),
  };
  const y = {
    field: "gflops",
    type: "quantitative",
    scale: log(frame.y),
    axis: axis("GFLOPS", frame.y),
  };
  const color = {
    field: "pass",
    type: "nominal",
    scale: { domain: passes, range: colours },
    legend: { orient: "bottom", direction: "horizontal", symbolType: "circle", offset: 14 },
  };
  const size = {
    field: "share",
    type: "quantitative",
    scale: { type: "linear", domain: [0, 0.3], range: [30, 500], clamp: true },
    legend: null,
  };
  const subtitle = `${profile.adapter}; a dot for each dispatch that computes, its area the share of the step's time`;
  return {
    ...SIZE,
    title: { text: `Roofline of ${profile.program}`, subtitle },
    layer: [
      ...roofs.flatMap((roof) => roofLayers(roof, { x, y }, frame)),
      {
        data: { values: dots },
        mark: { type: "circle", opacity: 0.75, stroke: "white", strokeWidth: 0.5 },
        encoding: { x, y, color, size },
      },
      ...labelLayers(placeLabels(dots, { frame, roofs }), { x, y }, frame),
    ],
  } as ChartSpec;
}

function decadesIn([low, high]: readonly [number, number]): number[] {
  const first = Math.round(Math.log10(low));
  const count = Math.floor(Math.log10(high)) - first + 1;
  return Array.from({ length: count }, (_, index) => 10 ** (first + index));
}

interface Axes {
  readonly x: object;
  readonly y: object;
}

function roofLayers(roof: Roof, { x, y }: Axes, frame: Frame): object[] {
  const { dx, dy, align, angle } = roof.isFlat
    ? { dx: -4, dy: -8, align: "right", angle: 0 }
    : { dx: 14, dy: roof.isNamedBelow ? 10 : -9, align: "left", angle: angleOf(frame) };
  return [
    {
      data: { values: roof.points },
      mark: { type: "line", color: INK.muted, strokeWidth: 1.6 },
      encoding: { x, y },
    },
    {
      data: { values: [{ ...roof.at, text: roof.name }] },
      mark: { type: "text", align, angle, dx, dy, fontSize: FONT_SIZE, color: INK.muted },
      encoding: { x, y, text: { field: "text" } },
    },
  ];
}

/** Degrees of a slope of one decade a decade. */
function angleOf({ x, y }: Frame): number {
  const across = SIZE.width / Math.log10(x[1] / x[0]);
  const down = SIZE.height / Math.log10(y[1] / y[0]);
  return (-180 / Math.PI) * Math.atan2(down, across);
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

interface Label extends Dot {
  /** Pixels of the end that is next to the dot. */
  readonly end: readonly [number, number];
  readonly align: "left" | "right";
}

/** Names the dispatches that take the most time, wherever a name finds room that nothing else needs. */
function placeLabels(dots: readonly Dot[], { frame, roofs }: Omit<Drawn, "dots">): Label[] {
  const taken: Box[] = [
    ...dots.map((dot) => around(pixel(dot, frame), radiusOf(dot))),
    ...roofs.flatMap((roof) => roofBoxes(roof, frame)),
  ];
  const wanted = dots.filter(({ share }) => share >= LEAST_SHARE);
  return wanted
    .toSorted((a, b) => b.share - a.share)
    .flatMap((dot) => {
      for (const place of placesAround(dot, frame)) {
        const box = textBox(place, dot.label.length * CHARACTER);
        if (!isInside(box) || taken.some((other) => overlap(box, other))) continue;
        taken.push(box);
        return [{ ...dot, ...place }];
      }
      return [];
    });
}

/** Beside the dot, then above and below, then further away. */
function placesAround(dot: Dot, frame: Frame): readonly Pick<Label, "end" | "align">[] {
  const [x, y] = pixel(dot, frame);
  const radius = radiusOf(dot) + 2;
  return [0, -16, 16, -30, 30, -44, 44, 58, 72].flatMap((dy) =>
    [radius, radius + 14, radius + 40].flatMap((dx) => [
      { end: [x + dx, y + dy] as const, align: "left" as const },
      { end: [x - dx, y + dy] as const, align: "right" as const },
    ]),
  );
}

function pixel({ intensity, gflops }: Place, { x, y }: Frame): readonly [number, number] {
  const along = (value: number, [low, high]: readonly [number, number]) =>
    Math.log(value / low) / Math.log(high / low);
  return [SIZE.width * along(intensity, x), SIZE.height * (1 - along(gflops, y))];
}

function around([x, y]: readonly [number, number], reach: number): Box {
  return { left: x - reach, right: x + reach, top: y - reach, bottom: y + reach };
}

function radiusOf({ share }: Dot): number {
  return 3 + 9 * Math.sqrt(Math.min(0.3, share) / 0.3);
}

/** The place that is drawn at a pixel. */
function placeAt([left, top]: readonly [number, number], { x, y }: Frame): Place {
  return {
    intensity: x[0] * (x[1] / x[0]) ** (left / SIZE.width),
    gflops: y[0] * (y[1] / y[0]) ** (1 - top / SIZE.height),
  };
}

function textBox({ end: [x, y], align }: Pick<Label, "end" | "align">, width: number): Box {
  const left = align === "left" ? x : x - width;
  const half = FONT_SIZE / 2 + 2;
  return { left, right: left + width, top: y - half, bottom: y + half };
}

/** A line as small boxes along it, with the name that stands on it. */
function roofBoxes({ points, name, isFlat, isNamedBelow }: Roof, frame: Frame): Box[] {
  const [from = [0, 0], to = [0, 0]] = points.map((point) => pixel(point, frame));
  const steps = 80;
  const boxes = Array.from({ length: steps + 1 }, (_, step): Box => {
    const at = (axis: 0 | 1) => from[axis] + ((to[axis] - from[axis]) * step) / steps;
    return around([at(0), at(1)], 4);
  });
  const width = name.length * CHARACTER;
  if (isFlat) {
    const [x, y] = to;
    return [...boxes, { left: x - width - 6, right: x, top: y - 16, bottom: y }];
  }
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const named = boxes.filter((_, step) => (step / steps) * length <= width + 24);
  const grown = isNamedBelow ? { top: 0, bottom: 18 } : { top: -18, bottom: 0 };
  const withName = named.map((box) => ({
    ...box,
    top: box.top + grown.top,
    bottom: box.bottom + grown.bottom,
  }));
  return [...boxes, ...withName];
}

function isInside({ left, right, top, bottom }: Box): boolean {
  return left >= 0 && right <= SIZE.width && top >= 0 && bottom <= SIZE.height;
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** A name, and a thin line to it where it does not stand beside its dot. */
function labelLayers(labels: readonly Label[], { x, y }: Axes, frame: Frame): object[] {
  return labels.flatMap(({ end, align, ...dot }) => {
    const name = { ...placeAt(end, frame), label: dot.label };
    const line = { ...dot, toIntensity: name.intensity, toGflops: name.gflops };
    const isBeside = Math.abs(end[1] - pixel(dot, frame)[1]) < 1;
    const ends = { x2: { field: "toIntensity" }, y2: { field: "toGflops" } };
    return [
      {
        data: { values: isBeside ? [] : [line] },
        mark: { type: "rule", color: INK.axis, strokeWidth: 0.8 },
        encoding: { x, y, ...ends },
      },
      {
        data: { values: [name] },
        mark: { type: "text", dx: align === "left" ? 2 : -2, align, fontSize: FONT_SIZE },
        encoding: { x, y, text: { field: "label" }, color: { value: INK.text } },
      },
    ];
  });
}
