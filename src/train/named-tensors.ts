// Weights as a file holds them: named as Keras names variables, with their shapes, in order of declaration.

import { VitrineError } from "../engine/core/errors.ts";
import type { Shape } from "../engine/core/shape.ts";
import type { Variables, Weights } from "../engine/layers/variables.ts";

/** float32, by name and shape. */
export interface NamedWeight {
  readonly name: string;
  readonly dtype: "F32";
  readonly shape: Shape;
  readonly data: Float32Array<ArrayBuffer>;
}
/** The variables of a model with their values, in its order. */
export type NamedWeights = readonly NamedWeight[];

/** Throws VitrineError when `weights` lacks one of the variables. */
export function namedTensors(variables: Variables, weights: Weights): NamedWeights {
  return [...variables].map(({ name, tensor }) => {
    const data = weights.get(name);
    if (!data) throw new VitrineError(`weights: lack variable ${name}, got ${weights.size} others`);
    return { name, dtype: "F32", shape: tensor.shape, data };
  });
}
