// MobileNetV2 (Sandler, Howard, Zhu, Zhmoginov, Chen 2018, table 2) as Keras Applications builds it with alpha 1: blocks that
// widen, convolve each channel by itself, and narrow again without an activation.

import { shape4 } from "../engine/core/shape.ts";
import type { Tensor } from "../engine/core/tensor.ts";
import { relu } from "../engine/layers/activations.ts";
import { batchNormalization } from "../engine/layers/batch-normalization.ts";
import { conv2d } from "../engine/layers/conv2d.ts";
import { depthwiseConv2d } from "../engine/layers/convolutions.ts";
import type { Model } from "../engine/layers/model.ts";
import type { Layer, Net } from "../engine/layers/net.ts";
import { addBranches, zeroPadding2d } from "../engine/layers/shaping.ts";
import { type BackboneOptions, type Block, backboneModel, pooledClassifier } from "./backbone.ts";

/** How many times as many channels the middle of a block has, its output, and the stride of the first of so many blocks. */
const STACKS = [
  { expansion: 1, filters: 16, depth: 1, stride: 1 },
  { expansion: 6, filters: 24, depth: 2, stride: 2 },
  { expansion: 6, filters: 32, depth: 3, stride: 2 },
  { expansion: 6, filters: 64, depth: 4, stride: 2 },
  { expansion: 6, filters: 96, depth: 3, stride: 1 },
  { expansion: 6, filters: 160, depth: 3, stride: 2 },
  { expansion: 6, filters: 320, depth: 1, stride: 1 },
] as const;

const BLOCKS: readonly Block[] = [
  { name: "Conv1", record: stem },
  ...invertedBlocks(),
  { name: "Conv_1", record: last },
];

export const MOBILENETV2_BLOCKS = BLOCKS.map((block) => block.name);

/** 3,538,984 parameters with top. */
export function mobilenetv2(options: BackboneOptions): Model {
  // Keras names the model after its width and its rows.
  const name = `mobilenetv2_1.00_${options.inputShape[0]}`;
  return backboneModel({ name, blocks: BLOCKS, classifier: pooledClassifier() }, options);
}

function stem(net: Net, x: Tensor): Tensor {
  const window = { filters: 32, kernelSize: 3, strides: 2, padding: "same" } as const;
  const y = conv2d({ ...window, useBias: false, name: "Conv1" })(net, x);
  return rectify("Conv1_relu")(net, normalize("bn_Conv1")(net, y));
}

function last(net: Net, x: Tensor): Tensor {
  const y = conv2d({ filters: 1280, kernelSize: 1, useBias: false, name: "Conv_1" })(net, x);
  return rectify("out_relu")(net, normalize("Conv_1_bn")(net, y));
}

interface Inverted {
  readonly name: string;
  readonly expansion: number;
  readonly filters: number;
  readonly stride: number;
}

function invertedBlocks(): readonly Block[] {
  const all = STACKS.flatMap(({ depth, stride, ...rest }) =>
    Array.from({ length: depth }, (_, i) => ({ ...rest, stride: i === 0 ? stride : 1 })),
  );
  return all.map((block, index) => {
    const name = index === 0 ? "expanded_conv" : `block_${index}`;
    return { name, record: (net, x) => inverted(net, x, { ...block, name }) };
  });
}

function inverted(net: Net, x: Tensor, { name, expansion, filters, stride }: Inverted): Tensor {
  const channels = x.shape.at(-1) ?? 0;
  const pointwise = { kernelSize: 1, padding: "same", useBias: false } as const;
  let y = x;
  if (expansion > 1) {
    const expand = { ...pointwise, filters: expansion * channels, name: `${name}_expand` };
    y = conv2d(expand)(net, y);
    y = normalize(`${name}_expand_BN`)(net, y);
    y = rectify(`${name}_expand_relu`)(net, y);
  }
  if (stride === 2) y = padBefore(`${name}_pad`)(net, y);
  const window = {
    kernelSize: 3,
    strides: stride,
    padding: stride === 2 ? "valid" : "same",
  } as const;
  y = depthwiseConv2d({ ...window, useBias: false, name: `${name}_depthwise` })(net, y);
  y = normalize(`${name}_depthwise_BN`)(net, y);
  y = rectify(`${name}_depthwise_relu`)(net, y);
  y = conv2d({ ...pointwise, filters, name: `${name}_project` })(net, y);
  y = normalize(`${name}_project_BN`)(net, y);
  if (channels !== filters || stride !== 1) return y;
  return addBranches(net, [x, y], { name: `${name}_add` });
}

/** Keras's `correct_pad`: what a window of 3 with stride 2 needs, without the first zero where an extent is even. */
function padBefore(name: string): Layer {
  return (net, x) => {
    const [, height, width] = shape4(x.shape, "mobilenetv2");
    const sides = (extent: number) => [extent % 2, 1] as const;
    return zeroPadding2d({ padding: [sides(height), sides(width)], name })(net, x);
  };
}

function normalize(name: string): Layer {
  return batchNormalization({ momentum: 0.999, epsilon: 1e-3, name });
}

function rectify(name: string): Layer {
  return relu({ maxValue: 6, name });
}
