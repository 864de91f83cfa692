// A chain of layers, for pictures of this shape (height, width, channels) and so many classes.

import { conv2d, dense, flatten, type Model, maxPooling2d, type Shape, sequential } from "vitrine";

export function ownModel(shape: Shape, classes: number): Model {
  return sequential("own-model", shape, [
    conv2d({ filters: 8, kernelSize: 3, activation: "relu" }),
    maxPooling2d(),
    flatten(),
    dense({ units: classes, activation: "softmax" }),
  ]);
}
