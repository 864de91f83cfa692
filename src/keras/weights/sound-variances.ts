// Weights of a file for a model that predicts by them: a variance below 0 has no root, and so the model would predict NaN, in Keras
// as here.

import { FormatError } from "../../engine/core/errors.ts";
import type { NamedValues } from "../../engine/layers/variables.ts";

/** The same, as they are asked for. Throws FormatError, naming file and weight. */
export function* soundVariances(
  path: string,
  weights: Iterable<NamedValues>,
): Generator<NamedValues> {
  for (const [name, values] of weights) {
    const index = /\/(moving_)?variance$/.test(name) ? values.findIndex((value) => value < 0) : -1;
    if (index >= 0) {
      const rule = "must be at least 0 everywhere";
      throw new FormatError(`${path}: weight ${name}: ${rule}, got ${values[index]} at ${index}`);
    }
    yield [name, values];
  }
}
