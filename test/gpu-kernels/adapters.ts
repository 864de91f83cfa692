// The processes of the bench: one for each kind of adapter, because what makes a kind is set before a process starts.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Message, messageIn, type WorkRequest } from "./messages.ts";
import { newerMesa } from "./newer-mesa.mjs";

export interface BenchAdapter {
  /** Heads its column. */
  readonly column: string;
  readonly part: WorkRequest["part"];
  /** Bits of llvmpipe's vectors; none for the null backend, which needs no driver. */
  readonly bits?: number;
}

export const LIMITS: BenchAdapter = { column: "limits", part: "limits" };
/** llvmpipe of Mesa 26, whose subgroups have as many lanes as its vectors have words. */
export const LANES: readonly BenchAdapter[] = [8, 4, 16].map((lanes) => ({
  column: `${lanes} lanes`,
  part: "rungs",
  bits: 32 * lanes,
}));

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));
const HOOK = new URL("../../src/shaders/node-hook.mjs", import.meta.url).href;

export interface WorkerOptions {
  readonly request: WorkRequest;
  readonly signal: AbortSignal;
  readonly take: (message: Message) => void;
}

/** Runs the process to its end; how it ended before it was done, or null where it was done. */
export async function runWorker(
  { bits }: BenchAdapter,
  { request, signal, take }: WorkerOptions,
): Promise<string | null> {
  const start = bits === undefined ? HERE : newerMesa(bits);
  const loaders = ["--import", import.meta.resolve("tsx"), "--import", HOOK];
  const args = [...start.args, ...loaders, WORKER, JSON.stringify(request)];
  const child = spawn(start.program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...start.env },
    signal,
  });
  let isDone = false;
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(-4000);
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = messageIn(line);
    if (message) take(message);
    isDone ||= message?.bench === "done";
  });
  return new Promise((resolve, reject) => {
    child.on("error", (error) => (signal.aborted ? resolve("interrupted") : reject(error)));
    child.on("close", (code, killer) => resolve(isDone ? null : wordsOf(killer ?? code, said)));
  });
}

const HERE = { program: process.execPath, args: [], env: {} };

function wordsOf(how: NodeJS.Signals | number | null, said: string): string {
  const lines = said
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("Warning"));
  const why = lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? "nothing was said";
  return `ended with ${how} before it was done: ${why.trim()}`;
}
