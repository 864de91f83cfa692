// What a data set is, whatever its files are called: a digest of its bytes. Apart from dataset.ts, which a browser loads.

import { createHash } from "node:crypto";
import type { Dataset } from "./dataset.ts";

/** sha256, in hex, of images and labels. */
export function dataDigest({ images, labels }: Dataset): string {
  return createHash("sha256").update(images).update(labels).digest("hex");
}
