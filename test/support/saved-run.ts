// What a folder of a training holds, the files apart that are there to go on from.

import { readdirSync } from "node:fs";

/** Sorted; without checkpoints and the record of how the training was begun. */
export function savedFiles(out: string): string[] {
  return readdirSync(out)
    .filter((name) => !/^(checkpoint-\d+\.safetensors|train\.json)$/.test(name))
    .sort();
}
