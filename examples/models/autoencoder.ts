// An autoencoder: pictures of this shape (height, width, channels) through a bottleneck of few numbers and back.

import {
  conv2d,
  conv2dTranspose,
  cropping2d,
  dense,
  flatten,
  type Model,
  reshape,
  type Shape,
  sequential,
} from "vitrine";

export function autoencoder(shape: Shape): Model {
  const [height = 1, width = 1, channels = 1] = shape;
  const half = [Math.ceil(height / 2), Math.ceil(width / 2), 8] as const;
  const [rows, columns, filters] = half;
  const back = { kernelSize: 3, strides: 2, padding: "same", activation: "sigmoid" } as const;
  // Twice a half that was rounded up is a row or a column too many.
  const [below, right] = [2 * rows - height, 2 * columns - width];
  const isLarger = below + right > 0;
  return sequential("autoencoder", shape, [
    conv2d({ filters, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }),
    flatten(),
    dense({ units: 16, activation: "relu", name: "code" }),
    dense({ units: rows * columns * filters, activation: "relu" }),
    reshape({ targetShape: half }),
    conv2dTranspose({ ...back, filters: channels }),
    ...(isLarger
      ? [
          cropping2d({
            cropping: [
              [0, below],
              [0, right],
            ],
          }),
        ]
      : []),
  ]);
}
