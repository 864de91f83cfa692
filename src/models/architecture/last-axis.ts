// Layers that Keras lets work along any axis, and that are here along the last one alone.

import type { Layer } from "../../engine/layers/net.ts";
import type { ConfigReader } from "./reader.ts";

/** A layer whose option `axis` must name the last axis of what it is given. */
export function onLastAxis(options: ConfigReader, layer: Layer): Layer {
  const checkAxis = options.lastAxis("axis");
  return (net, x) => {
    checkAxis(x.shape.length);
    return layer(net, x);
  };
}
