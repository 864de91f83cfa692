// All references there are, by the label of the kernel that a unit begins with.

import { AUGMENTATION } from "./augmentation.ts";
import { CLIPPING } from "./clipping.ts";
import { CURVED } from "./curves.ts";
import { DATA } from "./data.ts";
import { ELEMENT_LOSSES } from "./element-losses.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { FURTHER_OPTIMIZERS } from "./further-optimizers.ts";
import { GROUP_NORMALIZATION } from "./group-normalization.ts";
import { LOSS } from "./loss.ts";
import { MIXUP } from "./mixup.ts";
import { NOISE } from "./noise.ts";
import { NORMALIZATION } from "./normalization.ts";
import { OPTIMIZERS } from "./optimizers.ts";
import { PLACED } from "./placed.ts";
import { POOLING } from "./pooling.ts";
import { outputOf, productOf, resultsOf } from "./products.ts";
import type { Output, Task } from "./reference.ts";
import { SOFTMAX } from "./softmax.ts";

const REFERENCES = {
  ...AUGMENTATION,
  ...CLIPPING,
  ...CURVED,
  ...DATA,
  ...ELEMENT_LOSSES,
  ...ELEMENTWISE,
  ...FURTHER_OPTIMIZERS,
  ...GROUP_NORMALIZATION,
  ...LOSS,
  ...MIXUP,
  ...NOISE,
  ...NORMALIZATION,
  ...OPTIMIZERS,
  ...PLACED,
  ...POOLING,
  ...SOFTMAX,
};

/** What the unit should have computed; null where nobody has written that down. */
export function referenceOf(task: Task): readonly Output[] | null {
  const { solution, dispatches } = task.unit;
  if (solution) {
    const product = productOf(solution);
    return product && resultsOf(product).map((one) => outputOf(one, task.values));
  }
  const label = dispatches[0]?.kernel.label ?? "";
  return Object.hasOwn(REFERENCES, label) ? (REFERENCES[label]?.(task) ?? null) : null;
}
