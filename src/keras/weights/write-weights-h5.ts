// Saves weights as Keras does: Keras 3's `.weights.h5`, and what Keras 2's `save_weights` leaves in an `.h5`. Whole or
// not at all. No optimiser state: Keras's `load_weights` does not ask for one.

import { writeThroughTemporary } from "../../io/files.ts";
import type { ExportedModel, WeightStream } from "../../models/architecture/exported-model.ts";
import { writeHdf5 } from "../hdf5/writer.ts";
import { keras2Layout, keras3Layout } from "./weight-layouts.ts";

/** For `model.load_weights` of Keras 3, which insists on the ending `.weights.h5`. */
export function writeKeras3Weights(
  path: string,
  model: ExportedModel,
  weights: WeightStream,
): Promise<void> {
  const layout = keras3Layout(model);
  return writeThroughTemporary(path, (temporary) =>
    writeHdf5({ path: temporary, name: path, layout, weights }),
  );
}

/** For `model.load_weights` of Keras 2, and of Keras 3 where the name ends in `.h5` but not in `.weights.h5`. */
export function writeKeras2Weights(
  path: string,
  model: ExportedModel,
  weights: WeightStream,
): Promise<void> {
  const layout = keras2Layout(model);
  return writeThroughTemporary(path, (temporary) =>
    writeHdf5({ path: temporary, name: path, layout, weights }),
  );
}
