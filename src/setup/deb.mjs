// Unpacks a Debian package. Not a package manager: no scripts run, nothing outside the folder changes.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, mustRun } from "./run.mjs";
import { SetupError } from "./say.mjs";

/**
 * @param {string} file
 * @param {string} into an existing folder
 */
export async function unpackDebianPackage(file, into) {
  if (findProgram("dpkg-deb")) {
    await mustRun(`unpacking ${file}`, "dpkg-deb", ["-x", file, into]);
    return;
  }
  const member = arMember(readFileSync(file), "data.tar");
  if (!member) throw new SetupError(`setup: not a Debian package, got ${file}`);
  const archive = join(into, member.name);
  writeFileSync(archive, member.bytes);
  await mustRun(`unpacking ${file}`, "tar", ["-C", into, "-xf", archive, `--exclude=${archive}`]);
}

/**
 * The first member of an ar archive whose name starts with `prefix`: 60-byte headers, even offsets.
 * @param {Buffer} archive
 * @param {string} prefix
 */
export function arMember(archive, prefix) {
  if (archive.subarray(0, 8).toString("latin1") !== "!<arch>\n") return null;
  for (let at = 8; at + 60 <= archive.length; ) {
    const name = archive
      .subarray(at, at + 16)
      .toString("latin1")
      .replace(/\/?\s*$/, "");
    const size = Number(archive.subarray(at + 48, at + 58).toString("latin1"));
    const bytes = archive.subarray(at + 60, at + 60 + size);
    if (name.startsWith(prefix)) return { name, bytes };
    at += 60 + size + (size % 2);
  }
  return null;
}
