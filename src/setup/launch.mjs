#!/usr/bin/env node
// What `npm run train` and its like start: sets up what is missing, once, then runs the command.
// Plain JavaScript without packages, because it runs before there are any.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { adapterEnvironment } from "./adapter.mjs";
import { withoutDawnWarnings } from "./dawn-warnings.mjs";
import { ROOT } from "./files.mjs";
import { stopPrograms } from "./run.mjs";
import { SetupError, say } from "./say.mjs";
import { setUp } from "./set-up.mjs";
import { usage, version } from "./usage.mjs";

/** Where the commands are: sources in the repository, compiled in an installed package. */
const IS_SOURCE = existsSync(join(ROOT, "src", "cli"));
const COMMANDS = join(ROOT, IS_SOURCE ? "src" : "dist", "cli", "commands");

/**
 * Commands that are no part of the package.
 * @type {Readonly<Record<string, string>>}
 */
const OF_THE_REPOSITORY = { bench: "bench/cli.ts", "gpu-kernels": "test/gpu-kernels/cli.ts" };

/**
 * The program that a command stands for: the arguments of Node after its loaders.
 * @param {string | undefined} command
 * @param {readonly string[]} args
 * @returns {string[]}
 */
export function programOf(command, args) {
  if (command === "test" && IS_SOURCE) {
    const own = args.filter((arg) => arg !== "--debug");
    if (own.length === 0) return [join(ROOT, "test", "run.mjs")];
    return [join(ROOT, "node_modules", "uvu", "bin.js"), join(ROOT, "test"), ...own];
  }
  if (command === "run") return ownProgram(args);
  const own = IS_SOURCE ? OF_THE_REPOSITORY[command ?? ""] : undefined;
  const file = own ? join(ROOT, own) : join(COMMANDS, `${command}${IS_SOURCE ? ".ts" : ".js"}`);
  if (!command || !/^[a-z][a-z0-9-]*$/.test(command) || !existsSync(file)) {
    const known = readdirSync(COMMANDS).map((name) => name.replace(/(\.d)?\.[jt]s$/, ""));
    throw new SetupError(`launch: no such command, got ${command ?? "none"}`, {
      help: `known are ${[...new Set(known), "run", "setup"].sort().join(", ")}; each has --help`,
    });
  }
  return [file, ...args];
}

/**
 * `run own.ts`: a program of the person's, which may import this package, TypeScript and shaders.
 * @param {readonly string[]} args
 * @returns {string[]}
 */
function ownProgram([file, ...args]) {
  const path = file === undefined ? "" : resolve(whereThePersonIs(), file);
  if (file !== undefined && existsSync(path)) return [path, ...args];
  throw new SetupError(`run: must name a script that is there, got ${file ?? "none"}`, {
    help: "for instance own.ts",
  });
}

const OWN_TSCONFIG = process.env["TSX_TSCONFIG_PATH"] ?? join(ROOT, "tsconfig.json");

/**
 * @param {readonly string[]} program
 * @param {import("./adapter.mjs").Adapter} adapter
 * @param {string} cwd
 */
function start(program, adapter, cwd) {
  const hook = new URL("../shaders/node-hook.mjs", import.meta.url).href;
  // A person's own programs: `run own.ts`, `--model own.ts`.
  const needsLoaders = IS_SOURCE || program.some((word) => /\.[cm]?tsx?$/.test(word));
  const loaders = needsLoaders ? ["--import", import.meta.resolve("tsx"), "--import", hook] : [];
  const child = spawn(process.execPath, [...loaders, ...program], {
    // Its stderr passes through here. A terminal it gets as well, as 3, for colours and lines that rewrite themselves.
    cwd,
    stdio: ["inherit", "inherit", "pipe", 2],
    env: {
      ...process.env,
      ...adapterEnvironment(adapter),
      ...(IS_SOURCE ? { TSX_TSCONFIG_PATH: OWN_TSCONFIG } : {}),
      ...(IS_SOURCE ? {} : { VITRINE_COMMAND: "npx vitrine" }),
      VITRINE_STDERR: "3",
    },
  });
  // Ctrl-C reaches the child from the terminal, and the child decides what it means.
  process.on("SIGINT", () => {});
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"])) {
    process.on(signal, () => child.kill(signal));
  }
  child.on("error", (error) => fail(error));
  const filter = withoutDawnWarnings();
  child.stderr?.setEncoding("utf8").on("data", (piece) => process.stderr.write(filter(piece)));
  child.on("close", (code, signal) => {
    process.stderr.write(filter());
    if (signal === "SIGKILL") sayKilled();
    process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0));
  });
}

/** Nothing was said by the command itself: it could not. */
function sayKilled() {
  say("error: the command was killed by the system, most likely because memory ran out");
  say(
    "help: use a smaller batch (--batch-size) or fewer rows (--limit); what was saved is whole, and `npm run train -- --resume RUN` goes on from there",
  );
}

/** Ctrl-C during set-up: nothing half-made stays in place, so it is enough to stop. */
function stopOnSignals() {
  /** @param {NodeJS.Signals} signal */
  const stop = (signal) => {
    stopPrograms();
    say("\nset-up interrupted; run the same command again to go on");
    process.exit(128 + constants.signals[signal]);
  };
  process.once("SIGINT", stop).once("SIGTERM", stop).once("SIGHUP", stop);
  return () => {
    process.off("SIGINT", stop).off("SIGTERM", stop).off("SIGHUP", stop);
  };
}

/** npm runs scripts in the project's folder; paths that a person types are those of where that person is. */
export function whereThePersonIs(env = process.env) {
  const folder = /^run(-script)?$/.test(env["npm_command"] ?? "") ? env["INIT_CWD"] : undefined;
  return folder !== undefined && existsSync(folder) ? folder : process.cwd();
}

/** @param {unknown} error */
function fail(error) {
  const isExpected = error instanceof SetupError;
  if (process.argv.includes("--debug")) say(error instanceof Error ? `${error.stack}` : `${error}`);
  else say(isExpected ? error.message : `setup: unexpected failure, got ${error}`);
  if (isExpected && error.help) say(`help: ${error.help}`);
  else if (!isExpected) say("help: add --debug for details");
  process.exit(2);
}

/** tsx, which loads the TypeScript, needs module hooks: Node has them since 20.6. */
export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 6)) return;
  throw new SetupError(`launch: Node 20.6 or later is needed, got ${version}`, {
    help: "install a newer Node from nodejs.org or your system's packages",
  });
}

/**
 * What is asked without a command; null where there is one.
 * @param {string | undefined} command
 */
function aboutItself(command) {
  if (command === "--version" || command === "-v") return `${version()}\n`;
  const isAsked = command === undefined || ["help", "--help", "-h"].includes(command);
  return isAsked ? usage("npx vitrine") : null;
}

async function main() {
  checkNode();
  const [command, ...args] = process.argv.slice(2);
  const about = aboutItself(command);
  if (about !== null) {
    process.stdout.write(about);
    return;
  }
  const isSetup = command === "setup";
  const program = isSetup ? [] : programOf(command, args);
  // Tests compare bits, which must not depend on what was measured on the machine.
  if (command === "test") process.env["VITRINE_KERNELS"] ??= "order";
  const release = stopOnSignals();
  const adapter = await setUp({ again: isSetup });
  release();
  if (!isSetup) start(program, adapter, command === "test" ? ROOT : whereThePersonIs());
  else (await import("./summary.mjs")).printSummary(adapter);
}

if (process.argv[1] && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) {
  await main().catch(fail);
}
