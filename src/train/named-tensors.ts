// Weights as a file holds them: named as Keras names variables, with their shapes, in order of declaration.

import { VitrineError } from "../engine/core/errors.ts";
import type { Variables, Weights } from "../engine/layers/variables.ts";
import type { NamedTensor } from "../io/safetensors.ts";

/** Throws VitrineError when `weights` lacks one of the variables. */
export function namedTensors(variables: Variables, weights: Weights): readonly NamedTensor[] {
  return [...variables].map(({ name, tensor }) => {
    const data = weights.get(name);
    if (!data) throw new VitrineError(`weights: lack variable ${name}, got ${weights.size} others`);
    return { name, dtype: "F32", shape: tensor.shape, data };
  });
}
