// Reads a profile that was saved: what --out wrote, or what --json printed, with the lines that npm prints before it.

import { FormatError } from "../../engine/core/errors.ts";
import { type Profile, readProfile } from "../../inspect/profile/profile-schema.ts";
import { readText } from "../../io/read-json.ts";

export async function loadProfile(path: string): Promise<Profile> {
  const text = await readText(path, { what: "a profile" });
  const last = text.trimEnd().split("\n").at(-1) ?? "";
  for (const candidate of [text, last]) {
    const value = parsed(candidate);
    if (value !== undefined) return readProfile(value, path);
  }
  throw new FormatError(`${path}: must be JSON, got ${text.length} characters that are not`, {
    help: "`npm run profile -- --out FILE.json` writes a profile",
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) ?? null;
  } catch {
    return undefined;
  }
}
