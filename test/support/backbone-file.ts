// A file of random weights for a backbone, as Keras 2 would have saved them; for tests that need one at hand.

import { variablesOf } from "../../src/engine/layers/model.ts";
import { writeKeras2Weights } from "../../src/keras/weights/write-weights-h5.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { BACKBONES, type BackboneName } from "../../src/models/backbones.ts";

export async function writeBackboneFile(path: string, name: BackboneName): Promise<void> {
  const model = BACKBONES[name].build({ inputShape: [32, 32, 3], includeTop: false });
  await writeKeras2Weights(path, exportedModel(model), variablesOf(model, 1).initialWeights());
}
