// What a roofline is drawn in: its dots and roofs in the figures that they stand for, and the pixels that those lie at.

export const SIZE = { width: 640, height: 400 } as const;
export const FONT_SIZE = 11;
/** About what a character takes. */
export const CHARACTER = 0.64 * FONT_SIZE;

export interface Place {
  readonly intensity: number;
  readonly gflops: number;
}

export interface Dot extends Place {
  readonly pass: string;
  readonly share: number;
  readonly label: string;
}

export interface Frame {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

export interface Roof {
  readonly name: string;
  readonly points: readonly Place[];
  /** Where it is named, and on which side of the line. */
  readonly at: Place;
  readonly isFlat: boolean;
  readonly isNamedBelow: boolean;
}

export interface Drawn {
  readonly dots: readonly Dot[];
  readonly frame: Frame;
  readonly roofs: readonly Roof[];
}

export interface Axes {
  readonly x: object;
  readonly y: object;
}

export function pixel({ intensity, gflops }: Place, { x, y }: Frame): readonly [number, number] {
  const along = (value: number, [low, high]: readonly [number, number]) =>
    Math.log(value / low) / Math.log(high / low);
  return [SIZE.width * along(intensity, x), SIZE.height * (1 - along(gflops, y))];
}

/** The place that is drawn at a pixel. */
export function placeAt([left, top]: readonly [number, number], { x, y }: Frame): Place {
  return {
    intensity: x[0] * (x[1] / x[0]) ** (left / SIZE.width),
    gflops: y[0] * (y[1] / y[0]) ** (1 - top / SIZE.height),
  };
}
