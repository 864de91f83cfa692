// A residual network: a model that is a function of a net and a tensor, with branches that are added.

import {
  activation,
  addBranches,
  batchNormalization,
  conv2d,
  dense,
  globalAveragePooling2d,
  type Model,
  type Net,
  type Shape,
  type Tensor,
} from "vitrine";

function block(net: Net, x: Tensor, filters: number, name: string): Tensor {
  const conv = (part: number, strides = 1) =>
    conv2d({
      filters,
      kernelSize: 3,
      padding: "same",
      useBias: false,
      strides,
      name: `${name}_conv${part}`,
    });
  const relu = (part: number) => activation({ activation: "relu", name: `${name}_relu${part}` });
  let y = conv(1, 2)(net, x);
  y = relu(1)(net, batchNormalization({ name: `${name}_bn1` })(net, y));
  y = batchNormalization({ name: `${name}_bn2` })(net, conv(2)(net, y));
  const shortcut = conv2d({ filters, kernelSize: 1, strides: 2, name: `${name}_conv0` })(net, x);
  return relu(2)(net, addBranches(net, [shortcut, y], { name: `${name}_add` }));
}

/** For pictures of this shape (height, width, channels) and so many classes. */
export function residual(shape: Shape, classes: number): Model {
  return {
    name: "residual",
    inputShape: shape,
    build(net, x) {
      let y = block(net, net.inputLayer(x), 8, "a");
      y = block(net, y, 16, "b");
      return dense({ units: classes, activation: "softmax" })(
        net,
        globalAveragePooling2d()(net, y),
      );
    },
  };
}
