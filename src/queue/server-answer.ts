// What is said of a server that cannot be used, and of packages that are not there.

import { UsageError } from "../engine/core/errors.ts";

/** Milliseconds that a server has for its first answer. */
export const ANSWER_MS = 5000;

export function noAnswer(name: string, reason: string, help: string): UsageError {
  return new UsageError(`queue: must be a server that answers, got ${reason} from ${name}`, {
    argument: "queue",
    help,
  });
}

/** Optional packages, loaded only where a queue is asked for. */
export async function loadOptional<T>(names: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new UsageError(`queue: needs the packages ${names}, got no such packages`, {
      argument: "queue",
      help: `they are optional: npm install ${names.replace(" and ", " ")}`,
      cause,
    });
  }
}
