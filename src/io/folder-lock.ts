// One process at a time works in a folder that long work goes on in. The lock is a file with the process's id; that of a
// process that is gone, such as a killed one, does not count.

import { readFileSync, rmSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../engine/core/errors.ts";
import { isRunning } from "./running-process.ts";

/** Name of the file within the folder. */
export const LOCK = ".lock";

const held = new Set<string>();

/** Until this process ends. Throws UsageError while another process works in the folder. */
export async function holdFolder(folder: string): Promise<void> {
  const path = join(folder, LOCK);
  if (held.has(path)) return;
  const own = String(process.pid);
  const isFree = await writeFile(path, own, { flag: "wx" }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return false;
      throw error;
    },
  );
  if (!isFree) {
    const owner = Number(await readFile(path, "utf8").catch(() => ""));
    if (owner > 0 && owner !== process.pid && isRunning(owner)) {
      throw new UsageError(`out: is in use, got ${folder}, where process ${owner} works`, {
        argument: "out",
        help: "wait until it is done, or choose another folder",
        remedies: ["out"],
      });
    }
    await rm(path, { force: true });
    return holdFolder(folder);
  }
  if (held.size === 0) process.once("exit", releaseAll);
  held.add(path);
}

function releaseAll(): void {
  for (const path of held) {
    try {
      if (readFileSync(path, "utf8") === String(process.pid)) rmSync(path);
    } catch {
      // The folder is gone, and the lock with it.
    }
  }
}
