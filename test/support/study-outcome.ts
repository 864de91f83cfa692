// What a study holds that must be equal wherever its trials ran: everything but times, names of adapters, and the name of the
// study in a queue.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export function studyOutcome(out: string): Record<string, string> {
  const files = readdirSync(out, { recursive: true }).map(String).sort();
  const contents = files.flatMap((name): [string, string][] => {
    if (!name.includes(".") || name.endsWith(".lock") || name === "queue.json") return [];
    const text = readFileSync(join(out, name)).toString("latin1");
    const bare = text.replace(/"seconds": [\d.e-]+/, "");
    const ranOn = /^ {2}"(adapter|driver)": .*\n/gm;
    return [[name, name.endsWith("trial.json") ? bare.replaceAll(ranOn, "") : bare]];
  });
  return Object.fromEntries(contents);
}
