// A file for the reader's downloads.

import { element } from "../client/dom.ts";
import type { FileView } from "./protocol.ts";

export function saveFile({ name, bytes }: FileView): void {
  const address = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
