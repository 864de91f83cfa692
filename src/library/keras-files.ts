// Keras's own files, for programs of one's own: a whole model in and out.

import { FormatError } from "../engine/core/errors.ts";
import { type Model, variablesOf } from "../engine/layers/model.ts";
import { readKerasModel } from "../keras/read-model.ts";
import { writeKeras2Model, writeKerasArchive } from "../keras/write-model.ts";
import { exportedModel } from "../models/architecture/exported-model.ts";
import { type NamedWeights, namedTensors } from "../train/named-tensors.ts";

/** A model that was read from a file of Keras, and the values of its variables. */
export interface KerasModel {
  readonly model: Model;
  readonly weights: NamedWeights;
}

/** Reads a `.keras` file, or a whole model in `.h5`. Throws FormatError as the commands do. */
export async function loadKerasModel(path: string): Promise<KerasModel> {
  const { model, weights } = await readKerasModel(path);
  return { model, weights: namedTensors(variablesOf(model), weights) };
}

/** Writes a `.keras` file, or `.h5` as Keras 2 does, by the name's end; whole or not at all. */
export async function saveKerasModel(path: string, { model, weights }: KerasModel): Promise<void> {
  const write = /\.keras$/.test(path)
    ? writeKerasArchive
    : /\.h5$/.test(path)
      ? writeKeras2Model
      : null;
  if (!write)
    throw new FormatError(`saveKerasModel: a name must end in .keras or .h5, got ${path}`);
  await write(path, exportedModel(model), new Map(weights.map(({ name, data }) => [name, data])));
}
