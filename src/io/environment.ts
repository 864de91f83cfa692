// What a figure was made with, as runs record it and reports show it: versions, not machines.

import { readFile } from "node:fs/promises";

export type Environment = {
  readonly vitrine: string;
  readonly node: string;
  /** `linux x64` */
  readonly platform: string;
};

export async function environmentNow(): Promise<Environment> {
  const manifest: unknown = JSON.parse(
    await readFile(new URL("../../package.json", import.meta.url), "utf8"),
  );
  const { version } = manifest as { readonly version: string };
  return {
    vitrine: version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}
