// The roofline of a step: each dispatch by what it computes for a byte that it moves and by the GFLOPS that it reaches, under
// what the adapter can do at most. Williams, Waterman, Patterson: Roofline (2009). Only dispatches that compute have a dot.

import { bandwidthEnds } from "../../inspect/profile/bandwidths.ts";
import type { Profile, ProfiledDispatch } from "../../inspect/profile/profile-schema.ts";
import { type ChartSpec, INK, PALETTE, renderChart } from "./render.ts";
import {
  type Axes,
  type Dot,
  type Drawn,
  FONT_SIZE,
  type Frame,
  type Roof,
  SIZE,
} from "./roofline-frame.ts";
import { labelLayers, placeLabels } from "./roofline-labels.ts";

const PASS_COLOURS = {
  forward: PALETTE.blue,
  backward: PALETTE.vermillion,
  update: PALETTE.green,
  metric: PALETTE.purple,
  data: PALETTE.orange,
} as const;
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
