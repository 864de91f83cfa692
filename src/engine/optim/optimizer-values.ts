// What an optimiser has come to, on the host: plain data that a file can hold and another device can go on from.

import type { Weights } from "../layers/variables.ts";

export interface OptimizerValues {
  /** Of the optimiser, as Keras writes it: `adam`. */
  readonly name: string;
  /** Updates that it has made, Keras's `iterations`. */
  readonly steps: number;
  /** Of the last update; a float32. */
  readonly learningRate: number;
  /** By the name of the slot, the values of every trainable variable by its name; sizes are the variables'. */
  readonly slots: ReadonlyMap<string, Weights>;
}
