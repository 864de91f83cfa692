// What lies where data should, by its first bytes: a page that a server sent in place of a file, a pointer to a file that was
// never fetched.

import { latin1Of } from "../format/latin1.ts";

/** As a message has it, with what to do; null for bytes that are neither. */
export function describeForeign(
  start: Uint8Array,
): { readonly got: string; readonly help: string } | null {
  const text = latin1Of(start, 0, 200).trimStart().toLowerCase();
  if (/^(<!doctype html|<html|<\?xml|<head|<script)/.test(text)) {
    const help = "the server sent a page in place of the file, an error or a login: fetch it again";
    return { got: "a web page", help };
  }
  if (text.startsWith("version https://git-lfs")) {
    return { got: "a Git LFS pointer", help: "fetch what it points to: git lfs pull" };
  }
  return null;
}
