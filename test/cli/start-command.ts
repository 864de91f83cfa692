// Starts a command as a process of its own, as the launcher does, and reads what it prints.

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Running {
  readonly child: ChildProcess;
  /** What came so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  /** Resolves when stdout matches, or when the command has ended; true if it matched. */
  readonly prints: (pattern: RegExp) => Promise<boolean>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A module to load first, from the root of the project. */
  readonly preload?: string;
}

export function startCommand(
  name: string,
  args: readonly string[],
  { env = {}, preload }: StartOptions = {},
): Running {
  const modules = ["tsx", "./src/shaders/node-hook.mjs", ...(preload ? [preload] : [])];
  const hooks = modules.flatMap((module) => ["--import", module]);
  const file = name === "bench" ? "bench/cli.ts" : `src/cli/commands/${name}.ts`;
  const child = spawn(process.execPath, [...hooks, file, ...args], {
    cwd: ROOT,
    // The test runner forces colours on.
    env: { ...process.env, FORCE_COLOR: "0", ...env },
  });
  let [out, err] = ["", ""];
  const listeners = new Set<() => void>();
  child.stdout.on("data", (chunk) => {
    out += chunk;
    for (const listener of listeners) listener();
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const ended = new Promise<number | string>((resolve) => {
    child.on("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  const prints = (pattern: RegExp): Promise<boolean> =>
    new Promise((resolve) => {
      const look = () => pattern.test(out) && resolve(true);
      listeners.add(look);
      void ended.then(() => resolve(pattern.test(out)));
      look();
    });
  // Dawn's, of limits that nobody asked about.
  const stderr = (): string => err.replaceAll(/^Warning: .*\n/gm, "");
  return { child, stdout: () => out, stderr, ended, prints };
}

export interface Finished {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runToEnd(
  name: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Finished> {
  const running = startCommand(name, args, options);
  const code = await running.ended;
  return { code, stdout: running.stdout(), stderr: running.stderr() };
}
