// What an exported network expects of its input, in plain words: the file holds the layers alone, so whoever loads it
// elsewhere has to do what our first step does with an image's bytes.

import type { Model } from "../../engine/layers/model.ts";
import type { JsonValue } from "../../io/files.ts";

export interface InputNote {
  /** For people, a line each. */
  readonly lines: readonly string[];
  /** For `--json`. */
  readonly record: Readonly<Record<string, JsonValue>>;
}

interface ShownImage {
  /** Zeros on every side. */
  readonly border: number;
  /** Of the image, and of the network's input. */
  readonly channels: number;
  readonly depth: number;
}

interface Wording {
  readonly range: readonly [number, number];
  readonly how: (size: string, image: ShownImage) => string;
}

function resized(size: string, { channels, depth }: ShownImage): string {
  const image = channels === 3 ? "an RGB image" : "an image";
  const spread = depth > channels ? " three equal channels," : "";
  return `${image} resized to ${size} (bilinear),${spread}`;
}

const WORDINGS: { readonly [P in NonNullable<Model["preprocessing"]>]: Wording } = {
  unit: {
    range: [0, 1],
    how: (_size, { border }) => {
      const scaled = "an image's bytes divided by 255";
      return border === 0 ? scaled : `${scaled}, in the middle of ${border} zeros on every side`;
    },
  },
  bytes: {
    range: [0, 255],
    how: (_size, { border }) => {
      const plain = "an image's bytes, 0 to 255";
      return border === 0 ? plain : `${plain}, in the middle of ${border} zeros on every side`;
    },
  },
  resized: { range: [0, 1], how: (size, image) => `${resized(size, image)} divided by 255` },
  "resized-bytes": { range: [0, 255], how: (size, image) => `${resized(size, image)} 0 to 255` },
  caffe: {
    range: [-123.68, 151.061],
    how: (size) =>
      `an RGB image resized to ${size} (bilinear), 0 to 255, then preprocess_input of keras.applications.vgg19`,
  },
  tf: {
    range: [-1, 1],
    how: (size) =>
      `an RGB image resized to ${size} (bilinear), divided by 127.5, minus 1: preprocess_input of keras.applications.resnet_v2`,
  },
  torch: {
    range: [-2.118, 2.64],
    how: (size) =>
      `an RGB image resized to ${size} (bilinear), 0 to 255, then preprocess_input of keras.applications.densenet`,
  },
};

/** `shape`: height, width and channels of the images that the model was trained on. */
export function inputNote(model: Model, shape: readonly [number, number, number]): InputNote {
  const [height = 0, width = 0, channels = 0] = model.inputShape;
  const { range, how } = WORDINGS[model.preprocessing ?? "unit"];
  const border = (height - shape[0]) / 2;
  const prepared = how(`${height}×${width}`, { border, channels: shape[2], depth: channels });
  const [low, high] = range;
  return {
    lines: [
      `float32 of (images, ${height}, ${width}, ${channels}): height, width, channels; values from ${low} to ${high}`,
      prepared,
    ],
    record: { height, width, channels, dtype: "float32", range: [low, high], prepared },
  };
}
