// Starts a command as a process of its own, as the launcher does, and reads what it prints: the compiled one of the package, which is
// there in half the time. With a TypeScript module to load first, which changes the sources' modules, it is the sources' own; so it
// is with a program of the person's, which imports them.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compiledCommands } from "./compiled-commands.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HOOK = new URL("../../src/shaders/node-hook.mjs", import.meta.url).href;

/** As they are, where they are of these sources. */
const COMPILED = await compiledCommands();

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
  /** Where the person is; the project's root by default. */
  readonly cwd?: string;
}

export function startCommand(
  name: string,
  args: readonly string[],
  { env = {}, preload, cwd = ROOT }: StartOptions = {},
): Running {
  const isOwn = args.some((arg) => arg.endsWith(".ts"));
  const isFromSources = isOwn || name === "bench" || preload?.endsWith(".ts") === true;
  const program = [
    ...(isFromSources ? imports(import.meta.resolve("tsx"), HOOK) : []),
    ...(preload === undefined ? [] : imports(pathToFileURL(join(ROOT, preload)).href)),
    isFromSources ? sourceOf(name) : join(COMPILED, `${name}.js`),
  ];
  const child = spawn(process.execPath, [...program, ...args], {
    cwd,
    // Far more than any of them takes: one that waits for what does not come any more would keep the test run from ending.
    timeout: 240_000,
    killSignal: "SIGKILL",
    env: {
      ...process.env,
      // The test runner forces colours on.
      FORCE_COLOR: "0",
      ...(isOwn ? { TSX_TSCONFIG_PATH: join(ROOT, "tsconfig.json") } : {}),
      ...env,
    },
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

const imports = (...modules: readonly string[]): readonly string[] =>
  modules.flatMap((module) => ["--import", module]);

function sourceOf(name: string): string {
  return join(ROOT, name === "bench" ? "bench/cli.ts" : `src/cli/commands/${name}.ts`);
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
