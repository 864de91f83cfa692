// Layers that scale, crop, resize and turn images, and those that only change them while training, from Keras's options.

import { AUGMENTATIONS, augmentation, effectOf } from "../../engine/layers/augmentation.ts";
import {
  centerCrop,
  cropping2d,
  permute,
  reshape,
  resizing,
  upSampling2d,
} from "../../engine/layers/images.ts";
import type { Layer } from "../../engine/layers/net.ts";
import { normalization, rescaling } from "../../engine/layers/scaling.ts";
import { INTERPOLATIONS } from "../../engine/ops/resize.ts";
import type { ConfigReader } from "./reader.ts";

/** Of Keras's augmentation layers, in all its generations. */
const AUGMENTATION_SETTINGS = [
  ...["mode", "factor", "height_factor", "width_factor", "fill_mode", "fill_value"],
  ...[
    "interpolation",
    "value_range",
    "stddev",
    "rate",
    "noise_shape",
    "scale",
    "seed",
    "data_format",
  ],
];

type Rows = Readonly<Record<string, (options: ConfigReader) => Layer>>;

export const IMAGE_ROWS: Rows = {
  Rescaling: (options) =>
    rescaling({
      name: options.name,
      scale: options.perChannel("scale") ?? 1,
      offset: options.perChannel("offset") ?? 0,
    }),
  Normalization: (options) => {
    const [mean, variance] = [options.perChannel("mean"), options.perChannel("variance", 0)];
    // With one mean and one variance for all, there is nothing that an axis could tell apart.
    const isOne = typeof mean === "number" && typeof variance === "number";
    options.only("axis", [-1, [-1], 3, [3], ...(isOne ? [null, []] : [])]);
    const given = mean === undefined || variance === undefined ? {} : { mean, variance };
    return normalization({ name: options.name, invert: options.flag("invert", false), ...given });
  },
  Reshape: (options) =>
    reshape({ name: options.name, targetShape: options.numbers("target_shape") ?? [] }),
  Permute: (options) => permute({ name: options.name, dims: options.numbers("dims") ?? [] }),
  Cropping2D: (options) => cropping2d({ name: options.name, cropping: options.sides("cropping") }),
  CenterCrop: (options) =>
    centerCrop({
      name: options.name,
      height: options.number("height"),
      width: options.number("width"),
    }),
  Resizing: (options) => {
    for (const option of ["antialias", "pad_to_aspect_ratio"]) options.only(option, [false]);
    // Belong to what is off.
    for (const option of ["fill_mode", "fill_value"]) options.settings([option]);
    return resizing({
      name: options.name,
      height: options.number("height"),
      width: options.number("width"),
      interpolation: options.choice("interpolation", INTERPOLATIONS, "bilinear"),
      cropToAspectRatio: options.flag("crop_to_aspect_ratio", false),
    });
  },
  UpSampling2D: (options) =>
    upSampling2d({
      name: options.name,
      size: options.pair("size", [2, 2]),
      interpolation: options.choice("interpolation", INTERPOLATIONS, "nearest"),
    }),
  ...Object.fromEntries(
    AUGMENTATIONS.map((className) => [
      className,
      (options: ConfigReader): Layer => {
        const settings = options.settings(AUGMENTATION_SETTINGS);
        // Whoever only predicts would not come to them.
        effectOf(className, settings, { height: 1, width: 1 });
        return augmentation({ className, name: options.name, settings });
      },
    ]),
  ),
};
