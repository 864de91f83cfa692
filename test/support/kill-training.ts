// Trains a small network in processes that are killed at random moments, each going on where the last one was, until so many were
// killed; then to its end. For the test, and for bench/kill-training.ts, which does it more often.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runToEnd, startCommand } from "../cli/start-command.ts";

export interface KillOptions {
  /** Without --out. */
  readonly args: readonly string[];
  readonly out: string;
  readonly kills: number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** A process is killed up to so many milliseconds after it began to train. */
  readonly most: number;
}

export interface KillOutcome {
  /** Processes that were killed, and those of them that had begun to train. */
  readonly kills: number;
  readonly whileTraining: number;
  readonly sha256: string;
  readonly history: string;
  /** Files that a kill left half-written under their own names. */
  readonly torn: readonly string[];
}

/** Throws when the last process, which is let alone, does not end well. */
export async function killAndResume(options: KillOptions): Promise<KillOutcome> {
  const { args, out, kills, random, most } = options;
  const torn: string[] = [];
  let whileTraining = 0;
  for (let kill = 0; kill < kills; kill++) {
    const running = startCommand("train", [...args, "--out", out]);
    // One in four is killed anywhere, set-up and loading included.
    const anywhere = random() < 0.25;
    if (!anywhere && (await running.prints(/^Epoch /m))) whileTraining++;
    await new Promise((resolve) => setTimeout(resolve, random() * (anywhere ? 3 * most : most)));
    running.child.kill("SIGKILL");
    await running.ended;
    torn.push(...tornFiles(out));
  }
  const { code, stderr } = await runToEnd("train", [...args, "--out", out]);
  if (code !== 0) throw new Error(`the last process ended with ${code}: ${stderr}`);
  return { kills, whileTraining, torn, ...outcomeOf(out) };
}

export function outcomeOf(out: string) {
  const history = readFileSync(join(out, "history.csv"), "utf8");
  const weights = readFileSync(join(out, "weights.safetensors"));
  return { history, sha256: createHash("sha256").update(weights).digest("hex") };
}

/** JSON that is none, and tables that end within a line. */
function tornFiles(out: string): string[] {
  if (!existsSync(out)) return [];
  return readdirSync(out).filter((name) => {
    if (name.startsWith(".")) return false;
    const text = readFileSync(join(out, name), "latin1");
    if (name.endsWith(".csv")) return !text.endsWith("\n");
    if (!name.endsWith(".json")) return false;
    try {
      JSON.parse(text);
      return false;
    } catch {
      return true;
    }
  });
}
