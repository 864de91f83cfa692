// DenseNet121 (Huang, Liu, van der Maaten, Weinberger 2017, table 1) as Keras Applications builds it: every block adds 32
// channels to all that came before it, and transitions halve channels, rows and columns.

import type { Tensor } from "../engine/core/tensor.ts";
import { conv2d } from "../engine/layers/conv2d.ts";
import { concatenateBranches } from "../engine/layers/merging.ts";
import type { Model } from "../engine/layers/model.ts";
import type { Layer, Net } from "../engine/layers/net.ts";
import { averagePooling2d, maxPooling2d } from "../engine/layers/pooling.ts";
import { zeroPadding2d } from "../engine/layers/shaping.ts";
import {
  type BackboneOptions,
  type Block,
  backboneModel,
  POOLING_NAMES,
  pooledClassifier,
} from "./backbone.ts";
import { normalizeAndRectify } from "./normalized.ts";

/** Channels that a block adds. */
const GROWTH = 32;

const BLOCKS: readonly Block[] = [
  { name: "conv1", record: stem },
  ...denseBlocks("conv2", 6),
  { name: "pool2", record: transition("pool2") },
  ...denseBlocks("conv3", 12),
  { name: "pool3", record: transition("pool3") },
  ...denseBlocks("conv4", 24),
  { name: "pool4", record: transition("pool4") },
  ...denseBlocks("conv5", 16),
  { name: "bn", record: normalizeAndRectify("") },
];

export const DENSENET121_BLOCKS = BLOCKS.map((block) => block.name);

/** 8,062,504 parameters with top. */
export function densenet121(options: BackboneOptions): Model {
  const classifier = pooledClassifier("avg_pool");
  return backboneModel(
    { name: "densenet121", blocks: BLOCKS, classifier, poolingNames: POOLING_NAMES },
    options,
  );
}

function stem(net: Net, x: Tensor): Tensor {
  const window = { filters: 64, kernelSize: 7, strides: 2, useBias: false } as const;
  let y = zeroPadding2d({ padding: 3 })(net, x);
  y = conv2d({ ...window, name: "conv1_conv" })(net, y);
  y = normalizeAndRectify("conv1")(net, y);
  y = zeroPadding2d({ padding: 1 })(net, y);
  return maxPooling2d({ poolSize: 3, strides: 2, name: "pool1" })(net, y);
}

function denseBlocks(name: string, depth: number): readonly Block[] {
  return Array.from({ length: depth }, (_, index) => {
    const block = `${name}_block${index + 1}`;
    return { name: block, record: (net, x) => dense(net, x, block) };
  });
}

function dense(net: Net, x: Tensor, name: string): Tensor {
  let y = normalizeAndRectify(`${name}_0`)(net, x);
  const narrow = { filters: 4 * GROWTH, kernelSize: 1, useBias: false, name: `${name}_1_conv` };
  y = conv2d(narrow)(net, y);
  y = normalizeAndRectify(`${name}_1`)(net, y);
  const window = { filters: GROWTH, kernelSize: 3, padding: "same", useBias: false } as const;
  y = conv2d({ ...window, name: `${name}_2_conv` })(net, y);
  return concatenateBranches(net, [x, y], { name: `${name}_concat` });
}

function transition(name: string): Layer {
  return (net, x) => {
    let y = normalizeAndRectify(name)(net, x);
    const filters = Math.floor((y.shape.at(-1) ?? 0) / 2);
    y = conv2d({ filters, kernelSize: 1, useBias: false, name: `${name}_conv` })(net, y);
    return averagePooling2d({ poolSize: 2, strides: 2, name: `${name}_pool` })(net, y);
  };
}
