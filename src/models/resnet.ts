// ResNet50 (He, Zhang, Ren, Sun 2015, Deep Residual Learning for Image Recognition) as Keras Applications builds it: batch
// normalisation and ReLU after the convolutions, the stride in a stack's first block, and biases in every convolution.

import type { Tensor } from "../engine/core/tensor.ts";
import { conv2d } from "../engine/layers/conv2d.ts";
import type { Model } from "../engine/layers/model.ts";
import type { Net } from "../engine/layers/net.ts";
import { maxPooling2d } from "../engine/layers/pooling.ts";
import { activation, addBranches, zeroPadding2d } from "../engine/layers/shaping.ts";
import {
  type BackboneOptions,
  type Block,
  backboneModel,
  POOLING_NAMES,
  pooledClassifier,
} from "./backbone.ts";
import { normalize, normalizeAndRectify } from "./normalized.ts";

interface Stack {
  readonly name: string;
  readonly filters: number;
  readonly depth: number;
  readonly stride: number;
}

const BLOCKS: readonly Block[] = [
  { name: "conv1", record: stem },
  ...stack({ name: "conv2", filters: 64, depth: 3, stride: 1 }),
  ...stack({ name: "conv3", filters: 128, depth: 4, stride: 2 }),
  ...stack({ name: "conv4", filters: 256, depth: 6, stride: 2 }),
  ...stack({ name: "conv5", filters: 512, depth: 3, stride: 2 }),
];

export const RESNET50_BLOCKS = BLOCKS.map((block) => block.name);

/** 25,636,712 parameters with top. */
export function resnet50(options: BackboneOptions): Model {
  const classifier = pooledClassifier("avg_pool");
  return backboneModel(
    { name: "resnet50", blocks: BLOCKS, classifier, poolingNames: POOLING_NAMES },
    options,
  );
}

function stem(net: Net, x: Tensor): Tensor {
  let y = zeroPadding2d({ padding: 3, name: "conv1_pad" })(net, x);
  y = conv2d({ filters: 64, kernelSize: 7, strides: 2, name: "conv1_conv" })(net, y);
  y = normalize("conv1")(net, y);
  y = activation({ activation: "relu", name: "conv1_relu" })(net, y);
  y = zeroPadding2d({ padding: 1, name: "pool1_pad" })(net, y);
  return maxPooling2d({ poolSize: 3, strides: 2, name: "pool1_pool" })(net, y);
}

function stack({ name, filters, depth, stride }: Stack): readonly Block[] {
  return Array.from({ length: depth }, (_, index) => {
    const widens = index === 0;
    const block = { name: `${name}_block${index + 1}`, filters, stride: widens ? stride : 1 };
    return { name: block.name, record: (net, x) => residual(net, x, { ...block, widens }) };
  });
}

interface Residual {
  readonly name: string;
  readonly filters: number;
  readonly stride: number;
  /** The first of a stack has a convolution in its shortcut. */
  readonly widens: boolean;
}

/**
 * Layers are called in the order of Keras's `model.layers`, which goes by distance from the output: the shortcut's
 * convolution just before the last of the branch, and its normalisation likewise.
 */
function residual(net: Net, x: Tensor, { name, filters, stride, widens }: Residual): Tensor {
  let y = conv2d({ filters, kernelSize: 1, strides: stride, name: `${name}_1_conv` })(net, x);
  y = normalizeAndRectify(`${name}_1`)(net, y);
  const middle = { filters, kernelSize: 3, padding: "same", name: `${name}_2_conv` } as const;
  y = conv2d(middle)(net, y);
  y = normalizeAndRectify(`${name}_2`)(net, y);
  const wide = { filters: 4 * filters, kernelSize: 1 };
  let shortcut = x;
  if (widens) shortcut = conv2d({ ...wide, strides: stride, name: `${name}_0_conv` })(net, x);
  y = conv2d({ ...wide, name: `${name}_3_conv` })(net, y);
  if (widens) shortcut = normalize(`${name}_0`)(net, shortcut);
  y = normalize(`${name}_3`)(net, y);
  const sum = addBranches(net, [shortcut, y], { name: `${name}_add` });
  return activation({ activation: "relu", name: `${name}_out` })(net, sum);
}
