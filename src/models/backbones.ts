// The backbones that can be named, each with its blocks, its preprocessing, and where Keras publishes its weights.
// Addresses and md5 from keras/src/applications of Keras 3.15.

import type { Backbone } from "./backbone.ts";
import { DENSENET121_BLOCKS, densenet121 } from "./densenet.ts";
import { MOBILENETV2_BLOCKS, mobilenetv2 } from "./mobilenet-v2.ts";
import { RESNET50_BLOCKS, resnet50 } from "./resnet.ts";
import {
  RESNET50V2_BLOCKS,
  RESNET101V2_BLOCKS,
  RESNET152V2_BLOCKS,
  resnet50v2,
  resnet101v2,
  resnet152v2,
} from "./resnet-v2.ts";
import { VGG16_BLOCKS, VGG19_BLOCKS, vgg16, vgg19 } from "./vgg.ts";

export type BackboneName =
  | "vgg16"
  | "vgg19"
  | "resnet50"
  | "resnet50v2"
  | "resnet101v2"
  | "resnet152v2"
  | "mobilenetv2"
  | "densenet121";

const ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications";

export const BACKBONES: Readonly<Record<BackboneName, Backbone>> = {
  vgg16: {
    build: vgg16,
    blocks: VGG16_BLOCKS,
    preprocessing: "caffe",
    weights: published("vgg16/vgg16", {
      top: "64373286793e3c8b2b4e3219cbf3544b",
      noTop: "6d6bbae143d832006294945121d1f1fc",
    }),
  },
  vgg19: {
    build: vgg19,
    blocks: VGG19_BLOCKS,
    preprocessing: "caffe",
    weights: published("vgg19/vgg19", {
      top: "cbe5617147190e668d6c5d5026f83318",
      noTop: "253f8cb515780f3b799900260a226db6",
    }),
  },
  resnet50: {
    build: resnet50,
    blocks: RESNET50_BLOCKS,
    preprocessing: "caffe",
    weights: published("resnet/resnet50", {
      top: "2cb95161c43110f7111970584f804107",
      noTop: "4d473c1dd8becc155b73f8504c6f6626",
    }),
  },
  resnet50v2: {
    build: resnet50v2,
    blocks: RESNET50V2_BLOCKS,
    preprocessing: "tf",
    weights: published("resnet/resnet50v2", {
      top: "3ef43a0b657b3be2300d5770ece849e0",
      noTop: "fac2f116257151a9d068a22e544a4917",
    }),
  },
  resnet101v2: {
    build: resnet101v2,
    blocks: RESNET101V2_BLOCKS,
    preprocessing: "tf",
    weights: published("resnet/resnet101v2", {
      top: "6343647c601c52e1368623803854d971",
      noTop: "c0ed64b8031c3730f411d2eb4eea35b5",
    }),
  },
  resnet152v2: {
    build: resnet152v2,
    blocks: RESNET152V2_BLOCKS,
    preprocessing: "tf",
    weights: published("resnet/resnet152v2", {
      top: "a49b44d1979771252814e80f8ec446f9",
      noTop: "ed17cf2e0169df9d443503ef94b23b33",
    }),
  },
  mobilenetv2: {
    build: mobilenetv2,
    blocks: MOBILENETV2_BLOCKS,
    preprocessing: "tf",
    weights: mobilenetWeights(),
  },
  densenet121: {
    build: densenet121,
    blocks: DENSENET121_BLOCKS,
    preprocessing: "torch",
    weights: published("densenet/densenet121", {
      top: "9d60b8095a5708f2dcce2bca79d332c7",
      noTop: "30ee3e1110167f948a6b9946edeeb738",
    }),
  },
};

export const BACKBONE_NAMES = Object.keys(BACKBONES) as readonly BackboneName[];

function published(stem: string, md5: { top: string; noTop: string }): Backbone["weights"] {
  const url = `${ADDRESS}/${stem}_weights_tf_dim_ordering_tf_kernels`;
  return {
    top: { url: `${url}.h5`, md5: md5.top },
    noTop: { url: `${url}_notop.h5`, md5: md5.noTop },
  };
}

/** With alpha 1, trained on images of 224×224. Keras names no md5 of them. */
function mobilenetWeights(): Backbone["weights"] {
  const url = `${ADDRESS}/mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224`;
  return { top: { url: `${url}.h5`, md5: null }, noTop: { url: `${url}_no_top.h5`, md5: null } };
}
