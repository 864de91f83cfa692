// Files that people name: there, and regular ones. A pipe or /dev/zero would be read for ever.

import { stat } from "node:fs/promises";
import { UsageError } from "../engine/core/errors.ts";

/** Throws UsageError, naming the argument, for a path where no regular file is. */
export async function checkRegularFile(path: string, argument: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error.code ?? "");
  if (typeof found !== "string" && found.isFile()) return;
  const got =
    typeof found !== "string"
      ? `${path}, which is ${found.isDirectory() ? "a folder" : "no regular file"}`
      : `${path}${found === "ENOENT" ? ", where nothing is" : ` (${found})`}`;
  throw new UsageError(`${argument}: must be a file, got ${got}`, { argument });
}
