// All references there are, by the label of the kernel that a unit begins with.

import { DATA } from "./data.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { LOSS } from "./loss.ts";
import { NORMALIZATION } from "./normalization.ts";
import { OPTIMIZERS } from "./optimizers.ts";
import { POOLING } from "./pooling.ts";
import { outputOf, productOf } from "./products.ts";
import type { Output, Task } from "./reference.ts";

const REFERENCES = {
  ...DATA,
  ...ELEMENTWISE,
  ...LOSS,
  ...NORMALIZATION,
  ...OPTIMIZERS,
  ...POOLING,
};

/** What the unit should have computed; null where nobody has written that down. */
export function referenceOf(task: Task): readonly Output[] | null {
  const { solution, dispatches } = task.unit;
  if (solution) {
    const product = productOf(solution);
    return product && [outputOf(product, task.values)];
  }
  const label = dispatches[0]?.kernel.label ?? "";
  return Object.hasOwn(REFERENCES, label) ? (REFERENCES[label]?.(task) ?? null) : null;
}
