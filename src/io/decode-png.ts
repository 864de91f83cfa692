// A PNG as pixels, checked before anything is allocated for it.

import { createRequire } from "node:module";
import type * as pngjs from "pngjs";
import { FormatError, messageOf } from "../engine/core/errors.ts";
import type { Picture } from "./picture.ts";
import { checkPng } from "./png-check.ts";

export function decodePng(bytes: Uint8Array, name: string): Picture {
  checkPng(bytes, name);
  // Loaded with the first picture.
  const { PNG } = createRequire(import.meta.url)("pngjs") as typeof pngjs;
  try {
    const { width, height, data } = PNG.sync.read(Buffer.from(bytes));
    return { width, height, rgba: data };
  } catch (cause) {
    const reason = messageOf(cause);
    throw new FormatError(`${name}: must be a sound PNG, got ${reason.toLowerCase()}`, { cause });
  }
}
