// The name under which a study's trials are in a queue: drawn once, and kept with the study, so that a search that goes on finds
// its own trials there, and one that starts anew in the same folder finds none.

import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { FormatError } from "../engine/core/errors.ts";
import { writeJson } from "../io/files.ts";

const FILE = "queue.json";
const record = v.object({ study: v.pipe(v.string(), v.regex(/^[\w-]+$/)) });

/** Of a job, among those of all studies. */
export function nameInQueue(study: string, job: string): string {
  return `${study}-${job}`;
}

/** `folder`: that of the study. */
export async function studyId(folder: string): Promise<string> {
  const path = join(folder, FILE);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) {
    const study = randomUUID();
    await writeJson(path, { study });
    return study;
  }
  const found = v.safeParse(v.pipe(v.string(), v.parseJson(), record), text);
  if (found.success) return found.output.study;
  throw new FormatError(`${path}: must name a study in a queue, got something else`, {
    help: "delete it: trials that are in the queue are then run again",
  });
}
