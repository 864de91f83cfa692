// The names of a roofline's dots, each where it finds room that no dot, no roof and no other name needs.

import { INK } from "./render.ts";
import {
  type Axes,
  CHARACTER,
  type Dot,
  type Drawn,
  FONT_SIZE,
  type Frame,
  pixel,
  placeAt,
  type Roof,
  SIZE,
} from "./roofline-frame.ts";

/** Of all time; what takes less needs no name. */
const LEAST_SHARE = 0.02;

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
export function placeLabels(dots: readonly Dot[], { frame, roofs }: Omit<Drawn, "dots">): Label[] {
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

function around([x, y]: readonly [number, number], reach: number): Box {
  return { left: x - reach, right: x + reach, top: y - reach, bottom: y + reach };
}

function radiusOf({ share }: Dot): number {
  return 3 + 9 * Math.sqrt(Math.min(0.3, share) / 0.3);
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
export function labelLayers(labels: readonly Label[], { x, y }: Axes, frame: Frame): object[] {
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
