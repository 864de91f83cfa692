// Layers that only do something while training: Keras's random changes of images, and noise on what a layer gives.
//   input (N, H, W, C), of noise any -> output the same

import { UsageError, VitrineError } from "../core/errors.ts";
import { formatShape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { imageTone } from "../ops/image-tone.ts";
import { imageWarp } from "../ops/image-warp.ts";
import { noise } from "../ops/noise.ts";
import { reshape } from "../ops/reshape.ts";
import type { LayerConfig } from "../program/layer-record.ts";
import { apply } from "../program/tape.ts";
import { type Augmentation, effectOf } from "./augmentation-settings.ts";
import { type Layer, layerOf, type Net } from "./net.ts";

export { AUGMENTATIONS, type Augmentation, effectOf } from "./augmentation-settings.ts";

export interface AugmentationConfig {
  readonly className: Augmentation;
  /** Keras's settings under Keras's names, which a file that is written keeps. */
  readonly settings: LayerConfig;
  readonly name?: string;
}

/**
 * Passes values on as they are when predicting, as in Keras. While training, every image and every step draws anew, by the
 * model's seed and the layer's place (a `seed` of its own is kept but not used). Throws UsageError, naming the setting, for
 * one that Keras would refuse, and for changes of images behind a layer with weights: no gradient flows through them.
 */
export function augmentation({ className, settings, name }: AugmentationConfig): Layer {
  return layerOf({ className, name, config: settings }, (net, x) => {
    if (!net.training) return apply(net.rec, reshape, [x], { shape: x.shape });
    return recordEffect(net, x, className, settings);
  });
}

function recordEffect(net: Net, x: Tensor, className: Augmentation, settings: LayerConfig): Tensor {
  const { clock } = net;
  if (!clock) throw new VitrineError(`${className}: training needs a clock`);
  const draws = { seed: net.variables.seed, stream: net.stream };
  const isNoise = className.startsWith("Gaussian") || className.endsWith("out2D");
  if (!isNoise && className !== "AlphaDropout") checkPlace(net, x, className);
  const [, height = 1, width = 1] = x.shape;
  const effect = effectOf(className, settings, { height, width });
  if (effect.op === "noise")
    return apply(net.rec, noise, [x, clock], { ...effect.attrs, ...draws });
  if (effect.op === "warp") {
    return apply(net.rec, imageWarp, [x, clock], { ...effect.attrs, ...draws });
  }
  return apply(net.rec, imageTone, [x, clock], { ...effect.attrs, ...draws });
}

function checkPlace(net: Net, x: Tensor, className: Augmentation): void {
  if (x.shape.length !== 4) {
    throw new UsageError(`${className}: takes images (N, H, W, C), got ${formatShape(x.shape)}`);
  }
  if (!net.rec.isWatched(x)) return;
  throw new UsageError(`${className}: stands before every layer with weights, got one before it`, {
    help: "no gradient flows through it: put it at the beginning of the model",
  });
}
