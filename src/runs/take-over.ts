// A finished part of another folder's work, a trial or a fold, brought into this one: whole or not at all.

import { cp, mkdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";

/** Copies the folder `from` to `to`, in place of what is there; by way of `scratch`, which must be on the disk of `to`. */
export async function takeOver(from: string, to: string, scratch: string): Promise<void> {
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch);
  const copy = join(scratch, basename(to));
  await cp(from, copy, { recursive: true });
  await rm(to, { recursive: true, force: true });
  await rename(copy, to);
  await rm(scratch, { recursive: true, force: true });
}
