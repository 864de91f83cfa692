// Programs of the person's, which export a model, a search space or a data set. They run as any program of theirs does.

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "../engine/core/errors.ts";

/** What a program of the person's exports. Throws UsageError, naming the argument, where it cannot be loaded. */
export async function importFile(
  path: string,
  argument: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new UsageError(`${argument}: ${path} must load, got ${thrown(cause)}`, {
      ...{ argument, cause },
    });
  }
}

/** `TypeError: x is not a function`, of a program of the person's. */
export function thrown(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}
