// What Keras was seen to compute, by model and size of image: files of this repository, and of the package.

import { fileURLToPath } from "node:url";

/** Models that there are recordings of. */
export const PARITY_MODELS = [
  ...(["vgg19", "resnet152v2", "resnet50", "mobilenetv2", "densenet121"] as const),
] as const;

/** Sides of the images. */
export const PARITY_SIZES = ["32", "224"] as const;

/** Path of the file. */
export function parityRecording(
  model: (typeof PARITY_MODELS)[number],
  size: (typeof PARITY_SIZES)[number],
): string {
  const folder = new URL("../../../test/fixtures/parity/", import.meta.url);
  return fileURLToPath(new URL(`${model}-${size}.safetensors`, folder));
}
