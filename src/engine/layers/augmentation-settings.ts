// What the settings of Keras's layers that change images while training come to: ranges that an op draws from.

import { UsageError } from "../core/errors.ts";
import type { Tone } from "../ops/image-tone.ts";
import { FILL_MODES, type Range, type Warp } from "../ops/image-warp.ts";
import type { Noise } from "../ops/noise.ts";
import { INTERPOLATIONS } from "../ops/resize.ts";
import type { ConfigValue, LayerConfig } from "../program/layer-record.ts";

/** By Keras's class names. */
export const AUGMENTATIONS = [
  ...(["RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation"] as const),
  ...(["RandomContrast", "RandomBrightness", "RandomErasing"] as const),
  ...(["GaussianNoise", "GaussianDropout", "AlphaDropout", "SpatialDropout2D"] as const),
] as const;

export type Augmentation = (typeof AUGMENTATIONS)[number];

/** What a layer does while training. */
export type Effect =
  | { readonly op: "warp"; readonly attrs: Warp }
  | { readonly op: "tone"; readonly attrs: Tone }
  | { readonly op: "noise"; readonly attrs: Noise };

interface Size {
  readonly height: number;
  readonly width: number;
}

const KINDS = {
  GaussianNoise: "gaussian",
  GaussianDropout: "product",
  AlphaDropout: "alpha",
  SpatialDropout2D: "spatial",
} as const;

/** Throws UsageError naming the layer and the setting. */
export function effectOf(className: Augmentation, settings: LayerConfig, size: Size): Effect {
  const reader = new Settings(className, settings);
  switch (className) {
    case "RandomFlip":
    case "RandomRotation":
    case "RandomTranslation":
    case "RandomZoom":
      return { op: "warp", attrs: { ...warpOf(className, reader, size), ...reader.sampling() } };
    case "RandomContrast": {
      const [less, more] = reader.range("factor", 0);
      const attrs = { kind: "contrast", range: [1 - less, 1 + more], clip: reader.clip() } as const;
      return { op: "tone", attrs };
    }
    case "RandomBrightness": {
      const range = reader.range("factor", -1);
      return { op: "tone", attrs: { kind: "brighten", range, clip: reader.clip() } };
    }
    case "RandomErasing":
      return { op: "tone", attrs: erasing(reader) };
    default: {
      const level =
        className === "GaussianNoise"
          ? reader.level("stddev", Number.POSITIVE_INFINITY)
          : reader.level("rate", 1);
      reader.only("noise_shape", [undefined, null]);
      return { op: "noise", attrs: { kind: KINDS[className], level } };
    }
  }
}

type Warping = "RandomFlip" | "RandomRotation" | "RandomTranslation" | "RandomZoom";

function warpOf(className: Warping, reader: Settings, { height, width }: Size): Warp {
  const timesOf = (option: string, factor: number, offset = 0): Range => {
    const [low, high] = reader.range(option, -1);
    return [offset + low * factor, offset + high * factor];
  };
  switch (className) {
    case "RandomFlip": {
      const flips = { horizontal: "across", vertical: "down", horizontal_and_vertical: "jointly" };
      const mode = reader.choice("mode", Object.keys(flips), "horizontal_and_vertical");
      const flip = flips[mode as keyof typeof flips] as NonNullable<Warp["flip"]>;
      // Flips fall on pixels: copied, not interpolated.
      return { flip, interpolation: "nearest" };
    }
    case "RandomRotation":
      return { turn: timesOf("factor", 1) };
    case "RandomTranslation":
      return { down: timesOf("height_factor", height), across: timesOf("width_factor", width) };
    case "RandomZoom": {
      const tall = timesOf("height_factor", 1, 1);
      return reader.has("width_factor") ? { tall, wide: timesOf("width_factor", 1, 1) } : { tall };
    }
  }
}

/** Keras draws the probability itself: from the factor's range, at a single factor from 0 to it. */
function erasing(reader: Settings): Tone {
  const fill = reader.fill();
  const clip = reader.clip();
  const area = reader.range("scale", 0, [0.02, 0.33]);
  return { kind: "erase", range: reader.range("factor", 0, 1), area, fill, clip };
}

class Settings {
  readonly #className: string;
  readonly #settings: LayerConfig;

  constructor(className: string, settings: LayerConfig) {
    this.#className = className;
    this.#settings = settings;
  }

  has(option: string): boolean {
    return (this.#settings[option] ?? null) !== null;
  }

  number(option: string): number {
    const value = this.#settings[option];
    if (typeof value === "number") return value;
    throw this.#refused(option, "a number", value);
  }

  /** From 0 to less than `most`. */
  level(option: string, most: number): number {
    const value = this.number(option);
    if (value >= 0 && value < most) return value;
    const range = most === Number.POSITIVE_INFINITY ? "at least 0" : `0 to less than ${most}`;
    throw this.#refused(option, range, value);
  }

  /** A factor f stands for −f to f, or from `least`; two numbers for themselves. */
  range(option: string, least: number, fallback?: ConfigValue): Range {
    const value = this.#settings[option] ?? fallback;
    const pair =
      typeof value === "number" ? [Math.max(-Math.abs(value), least), Math.abs(value)] : value;
    const [low, high] = pairOf(pair) ?? [Number.NaN, Number.NaN];
    if (low >= least && high <= 1) return [low, high];
    throw this.#refused(option, `a number or two from ${least} to 1`, value);
  }

  choice(option: string, choices: readonly string[], fallback: string): string {
    const value = this.#settings[option] ?? fallback;
    if (typeof value === "string" && choices.includes(value)) return value;
    throw this.#refused(option, choices.join(", "), value);
  }

  only(option: string, allowed: readonly unknown[]): void {
    const value = this.#settings[option];
    if (!allowed.includes(value)) throw this.#refused(option, "left out", value);
  }

  sampling(): Pick<Warp, "interpolation" | "fill" | "fillValue"> {
    const interpolation = this.choice("interpolation", INTERPOLATIONS, "bilinear");
    const fill = this.choice("fill_mode", FILL_MODES, "reflect");
    return {
      ...(this.#className !== "RandomFlip" && {
        interpolation: INTERPOLATIONS.find((name) => name === interpolation) ?? "bilinear",
      }),
      fill: FILL_MODES.find((name) => name === fill) ?? "reflect",
      fillValue: this.has("fill_value") ? this.number("fill_value") : 0,
    };
  }

  clip(): Range {
    const value = this.#settings["value_range"] ?? [0, 255];
    const range = pairOf(value);
    if (range) return range;
    throw this.#refused("value_range", "two numbers", value);
  }

  fill(): NonNullable<Tone["fill"]> {
    const value = this.#settings["fill_value"] ?? "noise";
    if (value === "noise" || typeof value === "number") return value;
    if (Array.isArray(value) && value.length === 3 && value.every((v) => typeof v === "number")) {
      const [red, green, blue] = value as readonly number[];
      return [red ?? 0, green ?? 0, blue ?? 0];
    }
    throw this.#refused("fill_value", "a number or three", value);
  }

  #refused(option: string, rule: string, value: unknown): UsageError {
    return new UsageError(
      `${this.#className}: ${option} must be ${rule}, got ${JSON.stringify(value) ?? "nothing"}`,
    );
  }
}

/** Two numbers, the lesser first. */
function pairOf(value: unknown): Range | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [a, b] = value as readonly unknown[];
  if (typeof a !== "number" || typeof b !== "number") return null;
  return a < b ? [a, b] : [b, a];
}
