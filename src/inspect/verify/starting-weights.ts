// Weights that show what kernels do with them. Biases start at 0 and scales at 1, which hides a kernel that forgets them.

import { uniformAt } from "../../engine/core/random.ts";
import { type Model, variablesOf } from "../../engine/layers/model.ts";
import type { Weights } from "../../engine/layers/variables.ts";

/** What a constant start is moved by, at most. */
const SPREAD = 0.1;

/** The given weights, and initial ones for the others, those that start alike moved a little off, each by its own amount. */
export function startingWeights(model: Model, seed: number, given: Weights): Weights {
  const variables = variablesOf(model, seed);
  const initial = variables.initialWeights(given);
  return new Map(
    [...initial].map(([name, values], stream) => {
      const [first = 0] = values;
      if (given.has(name) || !values.every((value) => value === first)) return [name, values];
      const moved = (_: number, index: number) =>
        first + SPREAD * (2 * uniformAt({ seed, stream, step: 1, index }) - 1);
      return [name, values.map(moved)];
    }),
  );
}
