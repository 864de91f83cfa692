// How a layer's record tells that its kernel is regularised, as Keras's configurations have it.
import type { LayerConfig } from "../program/layer-record.ts";

/** Nothing where there is no regulariser, which is what Keras takes for granted. */
export function l2Config(factor = 0): LayerConfig {
  if (factor === 0) return {};
  return { kernel_regularizer: { class_name: "L2", config: { l2: factor } } };
}
