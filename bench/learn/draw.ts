// Draws docs/learn/*.svg. Needs no device. `test/learn/drawings.test.ts` holds the files to what is drawn here.
//   node --import tsx --import ./src/shaders/node-hook.mjs bench/learn/draw.ts

import { writeAtomically } from "../../src/io/files.ts";
import { learnPath } from "./chapter.ts";
import { DRAWINGS } from "./drawings/drawings.ts";

for (const [name, draw] of Object.entries(DRAWINGS)) {
  await writeAtomically(learnPath(`${name}.svg`), draw());
}
