// Files that are written along the way, beside what a training is for: where one cannot be written, as on a full disk, that is
// said once, and the training goes on.

import { VitrineError } from "../engine/core/errors.ts";
import type { Callback } from "../train/callbacks/callback.ts";

/** The callback, but for errors of the file system, of which `tell` gets a line. */
export function bestEffort(callback: Callback, tell: (line: string) => void): Callback {
  let isTold = false;
  const forgiving =
    <Args extends unknown[]>(hook?: (...args: Args) => void | Promise<void>) =>
    async (...args: Args): Promise<void> => {
      try {
        await hook?.apply(callback, args);
      } catch (error) {
        if (!isOfFiles(error)) throw error;
        if (!isTold) tell(`${error.message}; training goes on`);
        isTold = true;
      }
    };
  return {
    memory: callback.memory ?? null,
    onTrainBegin: forgiving(callback.onTrainBegin),
    onEpochBegin: forgiving(callback.onEpochBegin),
    onEpochEnd: forgiving(callback.onEpochEnd),
    onTrainEnd: forgiving(callback.onTrainEnd),
  };
}

/** What the file system says: as io/files.ts words it, or as Node throws it. */
export function isOfFiles(error: unknown): error is Error {
  if (error instanceof VitrineError) return error.cause instanceof Error && "code" in error.cause;
  return error instanceof Error && "code" in error && "syscall" in error;
}
