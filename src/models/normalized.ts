// Batch normalisation as ResNet and DenseNet of Keras Applications have it, by itself and with the ReLU behind it.

import { batchNormalization } from "../engine/layers/batch-normalization.ts";
import type { Layer } from "../engine/layers/net.ts";
import { activation } from "../engine/layers/shaping.ts";

/** Not the layer's default of 1e-3. */
const EPSILON = 1.001e-5;

/** Called `<stem>_bn`; without a stem `bn`. */
export function normalize(stem: string): Layer {
  return batchNormalization({ epsilon: EPSILON, name: named(stem, "bn") });
}

/** Called `<stem>_bn` and `<stem>_relu`; without a stem `bn` and `relu`. */
export function normalizeAndRectify(stem: string): Layer {
  const scaled = normalize(stem);
  const rectify = activation({ activation: "relu", name: named(stem, "relu") });
  return (net, x) => rectify(net, scaled(net, x));
}

function named(stem: string, what: string): string {
  return stem === "" ? what : `${stem}_${what}`;
}
