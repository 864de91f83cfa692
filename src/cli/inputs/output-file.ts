// Where a flag wants a file to be written: checked before anything slow happens.

import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { UsageError } from "../../engine/core/errors.ts";

/** Throws UsageError, naming the flag, for a folder, for a place in none, and for another ending than `ending`. */
export async function checkOutputFile(
  flag: string,
  path: string | undefined,
  ending: string,
): Promise<void> {
  if (path === undefined) return;
  if (!path.endsWith(ending)) {
    throw new UsageError(`--${flag}: must be a file that ends in ${ending}, got ${path}`);
  }
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) {
    throw new UsageError(`--${flag}: must be a file, got the folder ${path}`);
  }
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (!folder?.isDirectory()) {
    throw new UsageError(`--${flag}: must lie in a folder that exists, got ${path}`);
  }
}
