// The files of test/fixtures/h5, what is in them, and the models that they are of.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TargetLayer } from "../../src/keras/weights/layer-pair.ts";

const FOLDER = fileURLToPath(new URL("../fixtures/h5/", import.meta.url));

export function fixture(name: string): string {
  return `${FOLDER}${name}`;
}

export const FIXTURES: readonly string[] = readdirSync(FOLDER).filter((name) =>
  /\.(h5|keras)$/.test(name),
);

interface Expected {
  readonly keras: string;
  /** By file, then by path of the data set, as h5py reads them. */
  readonly files: Readonly<
    Record<string, Readonly<Record<string, { shape: number[]; sum: number; first: number }>>>
  >;
  /** Predictions of Keras. */
  readonly models: Readonly<Record<"tiny" | "transfer", { inputs: number[]; outputs: number[] }>>;
}

export const EXPECTED: Expected = JSON.parse(readFileSync(fixture("expected.json"), "utf8"));

function target(
  name: string,
  className: string,
  shapes: Readonly<Record<string, readonly number[]>> = {},
): TargetLayer {
  const weights = Object.entries(shapes).map(([role, shape]) => ({
    name: `${name}/${role}`,
    shape,
  }));
  return { name, className, weights };
}

const STATISTICS = { gamma: [4], beta: [4], moving_mean: [4], moving_variance: [4] };

export const VGG_LAYERS: readonly TargetLayer[] = [
  target("block1_conv1", "Conv2D", { kernel: [3, 3, 3, 4], bias: [4] }),
  target("block1_pool", "MaxPooling2D"),
  target("block1_conv2", "Conv2D", { kernel: [3, 3, 4, 4], bias: [4] }),
];

export const RESNET_LAYERS: readonly TargetLayer[] = [
  target("input_1", "InputLayer"),
  target("conv1_conv", "Conv2D", { kernel: [3, 3, 3, 4], bias: [4] }),
  target("conv2_block1_preact_bn", "BatchNormalization", STATISTICS),
  target("conv2_block1_preact_relu", "Activation"),
  target("predictions", "Dense", { kernel: [4, 10], bias: [10] }),
];

/** Of the files whose base is a layer. */
export const NESTED_LAYERS: readonly TargetLayer[] = [
  target("conv1_conv", "Conv2D", { kernel: [3, 3, 3, 4], bias: [4] }),
  target("conv2_block1_preact_bn", "BatchNormalization", STATISTICS),
  target("flatten", "Flatten"),
  target("dense", "Dense", { kernel: [4, 10], bias: [10] }),
];

/** make-h5.py's `tiny`. */
export const TINY_LAYERS: readonly TargetLayer[] = [
  target("conv2d", "Conv2D", { kernel: [3, 2, 3, 4] }),
  target("batch_normalization", "BatchNormalization", STATISTICS),
  target("activation", "Activation"),
  target("conv2d_1", "Conv2D", { kernel: [1, 1, 4, 4], bias: [4] }),
  target("batch_normalization_1", "BatchNormalization", STATISTICS),
  target("dense", "Dense", { kernel: [36, 5], bias: [5] }),
  target("dense_1", "Dense", { kernel: [5, 3], bias: [3] }),
];
