// Names that the Keras which is to open a file gives to no layer: refused when the file is written, not when it is opened.

import { VitrineError } from "../engine/core/errors.ts";
import type { ExportedModel } from "../models/architecture/exported-model.ts";
import type { Generation } from "./compiled/optimizer-entries.ts";

/** A scope of TensorFlow, as which each layer but an input and the model itself are called. */
const SCOPE = /^[A-Za-z0-9.][A-Za-z0-9_./>-]*$/;

/** Throws VitrineError for the first layer, or for the model. */
export function refuseNames({ name, layers }: ExportedModel, generation: Generation): void {
  if (generation === 3) {
    const found = layers.find((layer) => layer.name.includes("/"));
    if (!found) return;
    // TensorFlow made such names.
    throw new VitrineError(`layer ${found.name}: must have a name without / for Keras 3`, {
      help: "--keras 2 writes it for TF-Keras, whose names may have one",
    });
  }
  const rule = "must have a name of A-Z, a-z, 0-9 and _ . / > - for TF-Keras, not led by _ / > -";
  const help = "without --keras 2, a .keras is for Keras 3, which takes all names without /";
  if (!SCOPE.test(name)) throw new VitrineError(`model ${name}: ${rule}`, { help });
  const found = layers.find((one) => one.className !== "InputLayer" && !SCOPE.test(one.name));
  if (found) throw new VitrineError(`layer ${found.name}: ${rule}`, { help });
}
