// Keras files read one after another by the same thread, where there are hundreds: starting one takes longer than reading.

import type { Model } from "../../src/engine/layers/model.ts";
import type { Weights } from "../../src/engine/layers/variables.ts";
import { Hdf5Thread } from "../../src/keras/hdf5/thread.ts";
import { modelOf, type ReadModel, weightsFor } from "../../src/keras/model-of-file.ts";
import type { WeightFile } from "../../src/keras/weights/saved-weights.ts";
import { openWeightFile } from "../../src/keras/weights/weight-file.ts";

let thread = new Hdf5Thread();

async function inTurn<T>(path: string, read: (file: WeightFile) => T): Promise<T> {
  if (!thread.isAlive) thread = new Hdf5Thread();
  const file = await openWeightFile(path, { thread });
  try {
    return read(file);
  } finally {
    await file.close();
  }
}

/** As readKerasModel, with what the optimiser came to. */
export function readModelInTurn(path: string): Promise<ReadModel> {
  return inTurn(path, (file) => modelOf(file, { optimizer: true }));
}

/** As readWeightsFor. */
export function readWeightsInTurn(path: string, model: Model): Promise<Weights> {
  return inTurn(path, (file) => weightsFor(file, model));
}
