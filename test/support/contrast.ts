// Contrast of two colours by WCAG 2.1, and colours over one another.

export type Colour = readonly [red: number, green: number, blue: number];

const NAMED: Readonly<Record<string, Colour>> = { white: [255, 255, 255], black: [0, 0, 0] };

/** Of `#1f2328`, `rgb(1, 2, 3)`, or one of the names that charts use. */
export function colourOf(text: string): Colour {
  const named = NAMED[text];
  if (named) return named;
  const hex = /^#([0-9a-f]{6})$/i.exec(text)?.[1];
  const parts = hex
    ? [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
    : (/^rgb\(([^)]*)\)$/.exec(text)?.[1] ?? "").split(",").map(Number);
  const [red = Number.NaN, green = Number.NaN, blue = Number.NaN] = parts;
  if (![red, green, blue].every(Number.isFinite)) throw new Error(`colour: is none, got ${text}`);
  return [red, green, blue];
}

/** `share` of the one over the other. */
export function over(above: Colour, below: Colour, share: number): Colour {
  const part = (at: 0 | 1 | 2) => share * above[at] + (1 - share) * below[at];
  return [part(0), part(1), part(2)];
}

export function contrast(a: Colour, b: Colour): number {
  const [low, high] = [lightOf(a), lightOf(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function lightOf(colour: Colour): number {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
