// Runs for tests of commands: trained by the command itself on a small data set, one epoch long, so that they still make mistakes.

import { join } from "node:path";
import * as assert from "uvu/assert";
import { runToEnd } from "../cli/start-command.ts";
import { temporaryFolder } from "../data/sample-files.ts";

export async function trainedRun(
  name: string,
  data: string,
  flags: readonly string[] = [],
): Promise<string> {
  const run = join(temporaryFolder(), name);
  const { code, stderr } = await runToEnd("train", [
    ...["--data", data, "--out", run, "--epochs", "1", "--batch-size", "20", "--quiet"],
    ...flags,
  ]);
  assert.is(code, 0, stderr);
  return run;
}
