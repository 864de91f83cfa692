// What the networks of ImageNet have in common as Keras Applications builds them: options, blocks that can be held fixed, and an
// end in a classifier, in pooled features or in a feature map. The architectures are files of their own.

import { ShapeError, UsageError } from "../engine/core/errors.ts";
import { formatShape } from "../engine/core/shape.ts";
import type { Tensor } from "../engine/core/tensor.ts";
import { dense } from "../engine/layers/dense.ts";
import type { Model } from "../engine/layers/model.ts";
import type { Layer, Net } from "../engine/layers/net.ts";
import { globalAveragePooling2d, globalMaxPooling2d } from "../engine/layers/pooling.ts";

export interface BackboneOptions {
  /** Height, width, channels; at least 32 on a side. */
  readonly inputShape: readonly [number, number, number];
  /** Ends in Keras's classifier; default true. */
  readonly includeTop?: boolean;
  /** Of the classifier; default 1000. */
  readonly classes?: number;
  /** Without top: Keras's `pooling` argument; default none. */
  readonly pooling?: "avg" | "max";
  /** Blocks, from the first, whose variables are held fixed; default 0; Infinity holds all. The classifier is no block. */
  readonly frozenBlocks?: number;
}

/** A part of the architecture that is frozen or trained as a whole. */
export interface Block {
  readonly name: string;
  readonly record: Layer;
}

export interface BackboneParts {
  readonly name: string;
  readonly blocks: readonly Block[];
  /** From the feature map to class probabilities. */
  readonly classifier: (classes: number) => readonly Layer[];
  /** Of the layers that `pooling` asks for; default: named after their classes. */
  readonly poolingNames?: { readonly avg: string; readonly max: string };
}

/** Of the layers that pool the features, where they have names of their own. */
export const POOLING_NAMES = { avg: "avg_pool", max: "max_pool" } as const;

/** Global average, then one dense layer; the average is named after its class by default. */
export function pooledClassifier(name?: string): BackboneParts["classifier"] {
  return (classes) => [
    globalAveragePooling2d(name === undefined ? {} : { name }),
    dense({ units: classes, activation: "softmax", name: "predictions" }),
  ];
}

/** As Keras's `min_size`. */
const SMALLEST_SIDE = 32;

/** Throws ShapeError for an input that is too small, and UsageError for a number of blocks that is none. */
export function backboneModel(parts: BackboneParts, options: BackboneOptions): Model {
  const { name, blocks } = parts;
  const { inputShape, frozenBlocks = 0 } = options;
  const [height, width, channels] = inputShape;
  const counts = [height, width, channels].every((n) => Number.isSafeInteger(n) && n > 0);
  if (!counts || height < SMALLEST_SIDE || width < SMALLEST_SIDE) {
    const rule = `the input has at least ${SMALLEST_SIDE} rows and columns, and a channel`;
    throw new ShapeError(`${name}: ${rule}, got ${formatShape(inputShape)}`);
  }
  if (!(frozenBlocks >= 0) || (Number.isFinite(frozenBlocks) && frozenBlocks % 1 !== 0)) {
    throw new UsageError(`${name}: frozenBlocks is a whole number or all, got ${frozenBlocks}`);
  }
  return {
    name,
    inputShape,
    build(net, x) {
      const features = recordBlocks(net, net.inputLayer(x), { blocks, frozenBlocks });
      return endOf(parts, options).reduce((tensor, layer) => layer(net, tensor), features);
    },
  };
}

interface BlockSequence {
  readonly blocks: readonly Block[];
  readonly frozenBlocks: number;
}

function recordBlocks(net: Net, x: Tensor, { blocks, frozenBlocks }: BlockSequence): Tensor {
  const record = (from: Tensor, some: readonly Block[]) =>
    some.reduce((tensor, block) => block.record(net, tensor), from);
  const frozen = net.frozen(() => record(x, blocks.slice(0, frozenBlocks)));
  return record(frozen, blocks.slice(frozenBlocks));
}

function endOf(parts: BackboneParts, options: BackboneOptions): readonly Layer[] {
  const { includeTop = true, classes = 1000, pooling } = options;
  if (includeTop) return parts.classifier(classes);
  if (pooling === undefined) return [];
  const name = parts.poolingNames?.[pooling];
  const layer = pooling === "avg" ? globalAveragePooling2d : globalMaxPooling2d;
  return [layer(name === undefined ? {} : { name })];
}

/** A file that Keras publishes. */
export interface PublishedFile {
  readonly url: string;
  /** Null where Keras publishes none. */
  readonly md5: string | null;
}

export interface Backbone {
  readonly build: (options: BackboneOptions) => Model;
  /** Names of its blocks, in order: what `frozenBlocks` counts. */
  readonly blocks: readonly string[];
  /** What Keras's `preprocess_input` does: BGR less the means of ImageNet, scaled to [−1, 1], or to [0, 1] and standardised. */
  readonly preprocessing: "caffe" | "tf" | "torch";
  /** Weights trained on ImageNet, with 1000 classes and three channels. */
  readonly weights: { readonly top: PublishedFile; readonly noTop: PublishedFile };
}
