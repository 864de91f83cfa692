// What an optimiser had come to, as the tensors of a run's file and what is said beside them; a browser writes the same file.

import { VitrineError } from "../engine/core/errors.ts";
import type { Variables } from "../engine/layers/variables.ts";
import type { OptimizerValues } from "../engine/optim/optimizer-values.ts";
import type { NamedTensor } from "../io/safetensors-pieces.ts";

export const OPTIMIZER_FILE = "optimizer.safetensors";
/** Of the slots, at most: Adam's are twice as large as the weights, and reading them takes time in every better epoch. */
export const OPTIMIZER_BYTES = 128 * 2 ** 20;

/** Raised when the file changes meaning; a newer one is refused. */
export const OPTIMIZER_FORMAT = 1;

export interface OptimizerTensors {
  readonly tensors: readonly (NamedTensor & { readonly data: Float32Array<ArrayBuffer> })[];
  readonly metadata: { readonly optimizer: string };
}

/** Tensors are called `slot/variable`. Throws VitrineError for values that are none of the variables'. */
export function optimizerTensors(values: OptimizerValues, variables: Variables): OptimizerTensors {
  const { slots, ...facts } = values;
  const shapes = new Map([...variables].map(({ name, tensor }) => [name, tensor.shape]));
  const tensors = [...slots].flatMap(([slot, own]) =>
    [...own].map(([name, data]) => {
      const shape = shapes.get(name);
      if (!shape) throw new VitrineError(`optimizer: values must be of variables, got ${name}`);
      return { name: `${slot}/${name}`, dtype: "F32" as const, shape, data };
    }),
  );
  const said = { format: OPTIMIZER_FORMAT, ...facts, slots: [...slots.keys()] };
  return { tensors, metadata: { optimizer: JSON.stringify(said) } };
}
