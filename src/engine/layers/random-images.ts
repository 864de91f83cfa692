// Keras's layers that change images while training, by their options; what they do stands in augmentation.ts.

import type { FillMode, Range } from "../ops/image-warp.ts";
import type { Interpolation } from "../ops/resize.ts";
import type { ConfigValue } from "../program/layer-record.ts";
import { type Augmentation, augmentation } from "./augmentation.ts";
import type { Layer } from "./net.ts";

/** f stands for −f to f. */
export type Factor = number | Range;

interface Named {
  readonly name?: string;
}

interface Sampled extends Named {
  /** What lies beyond the edges; default `reflect`. */
  readonly fillMode?: FillMode;
  /** Of `constant`; default 0. */
  readonly fillValue?: number;
  /** Default `bilinear`. */
  readonly interpolation?: Interpolation;
}

interface Toned extends Named {
  /** Values are clipped to it; default 0 to 255, as in Keras. */
  readonly valueRange?: Range;
}

/** Every other image; `horizontal_and_vertical` (default) flips both axes of an image or none, as Keras 3 does. */
export function randomFlip(
  config: Named & { readonly mode?: "horizontal" | "vertical" | "horizontal_and_vertical" } = {},
): Layer {
  return layerOf("RandomFlip", { mode: "horizontal_and_vertical", ...config });
}

/** `factor` in turns, counterclockwise: 0.1 is up to 36° either way. */
export function randomRotation(config: Sampled & { readonly factor: Factor }): Layer {
  return layerOf("RandomRotation", config);
}

/** Factors in shares of the height, downwards, and of the width, to the right. */
export function randomTranslation(
  config: Sampled & { readonly heightFactor: Factor; readonly widthFactor: Factor },
): Layer {
  return layerOf("RandomTranslation", config);
}

/** Above 0 what is seen becomes smaller; by default as wide as tall. */
export function randomZoom(
  config: Sampled & { readonly heightFactor: Factor; readonly widthFactor?: Factor },
): Layer {
  return layerOf("RandomZoom", config);
}

/** (l, u): times 1 − l to 1 + u about each channel's mean; u alone stands for (0, u), as Keras 3 has it. */
export function randomContrast(config: Toned & { readonly factor: Factor }): Layer {
  return layerOf("RandomContrast", config);
}

/** Shares of the value range that are added. */
export function randomBrightness(config: Toned & { readonly factor: Factor }): Layer {
  return layerOf("RandomBrightness", config);
}

/** Covers a rectangle; the probability is itself drawn from `factor`, p alone standing for (0, p), as Keras 3 has it. */
export function randomErasing(
  config: Toned & {
    /** Default 1. */
    readonly factor?: Factor;
    /** Shares of the image; default 0.02 to 0.33. */
    readonly scale?: Factor;
    /** Default normal noise. */
    readonly fillValue?: number | readonly [number, number, number];
  } = {},
): Layer {
  return layerOf("RandomErasing", { factor: 1, ...config });
}

/** Adds normal noise. */
export function gaussianNoise(config: Named & { readonly stddev: number }): Layer {
  return layerOf("GaussianNoise", config);
}

/** Times normal noise about 1, of variance rate / (1 − rate). */
export function gaussianDropout(config: Named & { readonly rate: number }): Layer {
  return layerOf("GaussianDropout", config);
}

/** Dropout that keeps mean and variance of what SELU gives. */
export function alphaDropout(config: Named & { readonly rate: number }): Layer {
  return layerOf("AlphaDropout", config);
}

/** Drops whole channels of an example. */
export function spatialDropout2d(config: Named & { readonly rate: number }): Layer {
  return layerOf("SpatialDropout2D", config);
}

/** With Keras's spelling of the settings. */
function layerOf(className: Augmentation, config: Named & object): Layer {
  const { name, ...own } = config;
  const settings = Object.entries(own).map(([option, value]): [string, ConfigValue] => [
    option.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    value as ConfigValue,
  ]);
  return augmentation({ className, settings: Object.fromEntries(settings), ...(name && { name }) });
}
