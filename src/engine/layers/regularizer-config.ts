// How a layer's kernel is regularised: the factors that a layer is made with, and how its record tells them, as Keras's
// configurations do.

import type { Penalty } from "../ops/penalty.ts";
import type { LayerConfig } from "../program/layer-record.ts";

export interface KernelPenalty {
  /** Adds this factor times Σ |kernel| to the loss; default 0. */
  readonly kernelRegularizerL1?: number;
  /** Adds this factor times Σ kernel² to the loss; default 0. */
  readonly kernelRegularizerL2?: number;
}

export function penaltyOf(config: KernelPenalty): Penalty {
  const { kernelRegularizerL1: l1, kernelRegularizerL2: l2 } = config;
  return { l1, l2 };
}

/** Nothing where there is no regulariser, which is what Keras takes for granted. */
export function regularizerConfig({ l1 = 0, l2 = 0 }: Penalty): LayerConfig {
  if (l1 === 0 && l2 === 0) return {};
  const [className, config] =
    l1 === 0 ? ["L2", { l2 }] : l2 === 0 ? ["L1", { l1 }] : ["L1L2", { l1, l2 }];
  return { kernel_regularizer: { class_name: className, config } };
}
