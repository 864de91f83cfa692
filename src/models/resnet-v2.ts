// ResNet50V2, 101V2 and 152V2 (He, Zhang, Ren, Sun 2016, Identity Mappings in Deep Residual Networks) as Keras Applications
// builds them: batch normalisation and ReLU before the convolutions, and the stride in a stack's last block.

import type { Tensor } from "../engine/core/tensor.ts";
import { conv2d } from "../engine/layers/conv2d.ts";
import type { Model } from "../engine/layers/model.ts";
import type { Net } from "../engine/layers/net.ts";
import { maxPooling2d } from "../engine/layers/pooling.ts";
import { addBranches, zeroPadding2d } from "../engine/layers/shaping.ts";
import {
  type BackboneOptions,
  type BackboneParts,
  type Block,
  backboneModel,
  POOLING_NAMES,
  pooledClassifier,
} from "./backbone.ts";
import { normalizeAndRectify } from "./normalized.ts";

/** Blocks in conv2, conv3, conv4 and conv5. */
type Depths = readonly [number, number, number, number];

const RESNET50: Depths = [3, 4, 6, 3];
const RESNET101: Depths = [3, 4, 23, 3];
const RESNET152: Depths = [3, 8, 36, 3];

export const RESNET50V2_BLOCKS = blocksOf(RESNET50).map((block) => block.name);
export const RESNET101V2_BLOCKS = blocksOf(RESNET101).map((block) => block.name);
export const RESNET152V2_BLOCKS = blocksOf(RESNET152).map((block) => block.name);

/** 25,613,800 parameters with top. */
export function resnet50v2(options: BackboneOptions): Model {
  return backboneModel(partsOf("resnet50v2", RESNET50), options);
}

/** 44,675,560 parameters with top. */
export function resnet101v2(options: BackboneOptions): Model {
  return backboneModel(partsOf("resnet101v2", RESNET101), options);
}

/** 60,380,648 parameters with top. */
export function resnet152v2(options: BackboneOptions): Model {
  return backboneModel(partsOf("resnet152v2", RESNET152), options);
}

function partsOf(name: string, depths: Depths): BackboneParts {
  const classifier = pooledClassifier("avg_pool");
  return { name, blocks: blocksOf(depths), classifier, poolingNames: POOLING_NAMES };
}

function blocksOf([conv2, conv3, conv4, conv5]: Depths): readonly Block[] {
  return [
    { name: "conv1", record: stem },
    ...stack({ name: "conv2", filters: 64, depth: conv2, stride: 2 }),
    ...stack({ name: "conv3", filters: 128, depth: conv3, stride: 2 }),
    ...stack({ name: "conv4", filters: 256, depth: conv4, stride: 2 }),
    ...stack({ name: "conv5", filters: 512, depth: conv5, stride: 1 }),
    { name: "post", record: normalizeAndRectify("post") },
  ];
}

function stem(net: Net, x: Tensor): Tensor {
  let y = zeroPadding2d({ padding: 3, name: "conv1_pad" })(net, x);
  y = conv2d({ filters: 64, kernelSize: 7, strides: 2, name: "conv1_conv" })(net, y);
  // Padded with zeros that compete with negative values, unlike "same".
  y = zeroPadding2d({ padding: 1, name: "pool1_pad" })(net, y);
  return maxPooling2d({ poolSize: 3, strides: 2, name: "pool1_pool" })(net, y);
}

interface Stack {
  readonly name: string;
  readonly filters: number;
  readonly depth: number;
  readonly stride: number;
}

function stack({ name, filters, depth, stride }: Stack): readonly Block[] {
  return Array.from({ length: depth }, (_, index) => {
    const block = {
      name: `${name}_block${index + 1}`,
      filters,
      stride: index === depth - 1 ? stride : 1,
      widens: index === 0,
    };
    return { name: block.name, record: (net, x) => residual(net, x, block) };
  });
}

interface Residual {
  readonly name: string;
  readonly filters: number;
  readonly stride: number;
  /** The first of a stack has a convolution in its shortcut. */
  readonly widens: boolean;
}

/** Layers are called in the order of Keras's `model.layers`: the shortcut before the last convolution. */
function residual(net: Net, x: Tensor, { name, filters, stride, widens }: Residual): Tensor {
  const pre = normalizeAndRectify(`${name}_preact`)(net, x);
  let y = conv2d({ filters, kernelSize: 1, useBias: false, name: `${name}_1_conv` })(net, pre);
  y = normalizeAndRectify(`${name}_1`)(net, y);
  y = zeroPadding2d({ padding: 1, name: `${name}_2_pad` })(net, y);
  const middle = { filters, kernelSize: 3, strides: stride, useBias: false };
  y = conv2d({ ...middle, name: `${name}_2_conv` })(net, y);
  y = normalizeAndRectify(`${name}_2`)(net, y);
  const wide = { filters: 4 * filters, kernelSize: 1 };
  let shortcut = x;
  if (widens) shortcut = conv2d({ ...wide, strides: stride, name: `${name}_0_conv` })(net, pre);
  else if (stride > 1) shortcut = maxPooling2d({ poolSize: 1, strides: stride })(net, x);
  y = conv2d({ ...wide, name: `${name}_3_conv` })(net, y);
  return addBranches(net, [shortcut, y], { name: `${name}_out` });
}
