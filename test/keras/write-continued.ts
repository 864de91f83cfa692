// Writes what keras-continue.py goes on from: the data, and a file of each kind for each optimiser.
//   node src/setup/launch.mjs run test/keras/write-continued.ts FOLDER

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv } from "node:process";
import { writeKeras2Model, writeKerasArchive } from "../../src/keras/write-model.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { CASES, compiledOf, images, network, train } from "./continued.ts";

const [, , folder = "."] = argv;
writeFileSync(join(folder, "images.u8"), images.images);
writeFileSync(join(folder, "labels.u8"), images.labels);
const model = exportedModel(network);
for (const [name, settings] of Object.entries(CASES)) {
  const run = await train(network, settings, {});
  const compiled = compiledOf(settings, run);
  const at = (file: string) => join(folder, `${name}${file}`);
  await writeKerasArchive(at(".keras"), model, run.weights, { compiled });
  await writeKerasArchive(at(".2.keras"), model, run.weights, { compiled, generation: 2 });
  await writeKeras2Model(at(".h5"), model, run.weights, { compiled });
  await writeKeras2Model(at(".2.h5"), model, run.weights, { compiled, generation: 2 });
}
process.exit(0);
