// What becomes of an image's bytes on their way into a model: Keras's `preprocess_input`, and what other models are trained on.

/**
 * What becomes of an image's bytes before the first layer.
 * `unit`: divided by 255, as large as it is, centred in zeros where the model takes more. `bytes`: the same, 0 to 255.
 * The others first bring it to the model's size by bilinear interpolation (tf.image.resize without antialiasing), and a
 * grey one to three equal channels, where the model takes three: `resized` then divides by 255, `resized-bytes` does not; `caffe` turns
 * RGB into BGR and subtracts ImageNet's means; `tf` maps 0…255 to −1…1; `torch` divides by 255, subtracts ImageNet's means and divides
 * by its standard deviations. The last three are `preprocess_input` of Keras's VGG and ResNet, of ResNet V2 and MobileNetV2, and of DenseNet.
 */
export type Preprocessing =
  | "unit"
  | "bytes"
  | "resized"
  | "resized-bytes"
  | "caffe"
  | "tf"
  | "torch";

/** Whether an image stays as large as it is, and comes into the middle where the model takes more. */
export function isCentred(preprocessing: Preprocessing): preprocessing is "unit" | "bytes" {
  return preprocessing === "unit" || preprocessing === "bytes";
}

/** Keras's `preprocess_input`: what each channel, as it comes out, is divided by, and what is then subtracted from it. */
export const NORMALISATION = {
  resized: {
    reversed: 0,
    ...byChannel("divisor", [255, 255, 255]),
    ...byChannel("mean", [0, 0, 0]),
  },
  "resized-bytes": {
    reversed: 0,
    ...byChannel("divisor", [1, 1, 1]),
    ...byChannel("mean", [0, 0, 0]),
  },
  caffe: {
    reversed: 1,
    ...byChannel("divisor", [1, 1, 1]),
    ...byChannel("mean", [103.939, 116.779, 123.68]),
  },
  tf: {
    reversed: 0,
    ...byChannel("divisor", [127.5, 127.5, 127.5]),
    ...byChannel("mean", [1, 1, 1]),
  },
  torch: {
    reversed: 0,
    ...byChannel("divisor", [255 * 0.229, 255 * 0.224, 255 * 0.225]),
    ...byChannel("mean", [0.485 / 0.229, 0.456 / 0.224, 0.406 / 0.225]),
  },
} as const;

function byChannel(name: string, values: readonly number[]): Readonly<Record<string, number>> {
  return Object.fromEntries(values.map((value, channel) => [`${name}_${channel}`, value]));
}
