// Commands that are to refuse what they are given: one line (and its help), exit code 2.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { runToEnd } from "./start-command.ts";

const AT_ONCE = 3;

/** Arguments, and what the one line of the error (with its help) must match. */
export type Case = readonly [args: readonly string[], message: RegExp];

export async function allRefused(command: string, cases: readonly Case[]): Promise<void> {
  const queue = [...cases];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) await refused(command, next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function refused(command: string, [args, message]: Case): Promise<void> {
  const { code, stderr } = await runToEnd(command, args);
  const line = args.join(" ");
  assert.is(code, 2, `${line}: ${stderr}`);
  assert.match(stderr, message, `${line}: ${stderr}`);
  assert.match(stderr, /^error: .+\n(help: .+\n)?$/, `${line}: ${stderr}`);
}

/** By `train`, which leaves nothing where a run would be saved. */
export async function trainRefused(cases: readonly Case[]): Promise<void> {
  const folder = temporaryFolder();
  const withOut = cases.map(([args, message], i): Case => {
    const out = args.includes("--out") ? [] : ["--out", join(folder, String(i), "run")];
    return [[...args, ...out], message];
  });
  await allRefused("train", withOut);
  assert.equal(readdirSync(folder), []);
}
