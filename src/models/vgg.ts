// VGG16 and VGG19 (Simonyan and Zisserman 2015, table 1, configurations D and E) as Keras Applications builds them: every
// convolution 3×3, "same", ReLU. At 224×224 with top 138,357,544 and 143,667,240 parameters.

import { conv2d } from "../engine/layers/conv2d.ts";
import { dense } from "../engine/layers/dense.ts";
import type { Model } from "../engine/layers/model.ts";
import type { Layer } from "../engine/layers/net.ts";
import { maxPooling2d } from "../engine/layers/pooling.ts";
import { flatten } from "../engine/layers/shaping.ts";
import { type BackboneOptions, type BackboneParts, type Block, backboneModel } from "./backbone.ts";

type Column = readonly (readonly [filters: number, convolutions: number])[];

const VGG16: Column = [
  [64, 2],
  [128, 2],
  [256, 3],
  [512, 3],
  [512, 3],
];

const VGG19: Column = [
  [64, 2],
  [128, 2],
  [256, 4],
  [512, 4],
  [512, 4],
];

export const VGG16_BLOCKS = blocksOf(VGG16).map((block) => block.name);
export const VGG19_BLOCKS = blocksOf(VGG19).map((block) => block.name);

/** 138,357,544 parameters with top at 224 × 224. */
export function vgg16(options: BackboneOptions): Model {
  return backboneModel(partsOf("vgg16", VGG16), options);
}

/** 143,667,240 parameters with top at 224 × 224. */
export function vgg19(options: BackboneOptions): Model {
  return backboneModel(partsOf("vgg19", VGG19), options);
}

function partsOf(name: string, column: Column): BackboneParts {
  return { name, blocks: blocksOf(column), classifier };
}

function blocksOf(column: Column): readonly Block[] {
  return column.map(([filters, convolutions], index) => {
    const name = `block${index + 1}`;
    const layers: Layer[] = Array.from({ length: convolutions }, (_, i) =>
      conv2d({
        filters,
        kernelSize: 3,
        padding: "same",
        activation: "relu",
        name: `${name}_conv${i + 1}`,
      }),
    );
    layers.push(maxPooling2d({ poolSize: 2, name: `${name}_pool` }));
    return { name, record: (net, x) => layers.reduce((tensor, layer) => layer(net, tensor), x) };
  });
}

function classifier(classes: number): readonly Layer[] {
  return [
    flatten({ name: "flatten" }),
    dense({ units: 4096, activation: "relu", name: "fc1" }),
    dense({ units: 4096, activation: "relu", name: "fc2" }),
    dense({ units: classes, activation: "softmax", name: "predictions" }),
  ];
}
