// All references there are, by the label of the kernel that a unit begins with.

import { GUARD } from "../../../engine/core/guarded-kernel.ts";
import { inputsOf } from "../../units.ts";
import { AUGMENTATION } from "./augmentation.ts";
import { CLIPPING } from "./clipping.ts";
import { CURVED } from "./curves.ts";
import { DATA } from "./data.ts";
import { ELEMENT_LOSSES } from "./element-losses.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { FURTHER_OPTIMIZERS } from "./further-optimizers.ts";
import { GROUP_NORMALIZATION } from "./group-normalization.ts";
import { LOSS } from "./loss.ts";
import { LOSS_SCALE } from "./loss-scale.ts";
import { MIXUP } from "./mixup.ts";
import { NOISE } from "./noise.ts";
import { NORMALIZATION } from "./normalization.ts";
import { OPTIMIZERS } from "./optimizers.ts";
import { PLACED } from "./placed.ts";
import { POOLING } from "./pooling.ts";
import { outputOf, productOf, resultsOf } from "./products.ts";
import { exactly, type Output, type Task, valuesAt } from "./reference.ts";
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
  ...LOSS_SCALE,
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
  const outputs = Object.hasOwn(REFERENCES, label) ? (REFERENCES[label]?.(task) ?? null) : null;
  return outputs && isLeftOut(task) ? outputs.map((output) => unchanged(task, output)) : outputs;
}

/** Whether it is of an update that mixed precision leaves out of the step (engine/core/guarded-kernel.ts). */
function isLeftOut(task: Task): boolean {
  const [dispatch] = task.unit.dispatches;
  return dispatch !== undefined && (valuesAt(task, dispatch, GUARD)?.[0] ?? 0) !== 0;
}

/** Of what the unit only writes, nothing is known. */
function unchanged({ unit, values }: Task, output: Output): Output {
  const isInput = inputsOf(unit).some(({ storage }) => storage === output.tensor.storage);
  const before = isInput ? values(output.tensor) : null;
  return { ...output, at: (index) => before && exactly(before[index] ?? Number.NaN) };
}
