// The small image set as files, for commands under test: a folder with the four IDX files.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { idxImages, idxLabels, temporaryFolder } from "../data/sample-files.ts";
import { smallDataset } from "./small-data.ts";

/** `name`: what the folder is called, which may say what the data set is. */
export function smallIdxFolder(
  { train, test }: { train: number; test: number },
  name = "",
): string {
  const folder = join(temporaryFolder(), name);
  mkdirSync(folder, { recursive: true });
  for (const [stem, dataset] of [
    ["train", smallDataset(train, 1)],
    ["t10k", smallDataset(test, 2)],
  ] as const) {
    writeFileSync(join(folder, `${stem}-images-idx3-ubyte`), idxImages(dataset));
    writeFileSync(join(folder, `${stem}-labels-idx1-ubyte`), idxLabels(dataset));
  }
  return folder;
}
