// Runs a program of the system and keeps what it printed. Not for the command itself, which shares
// the terminal (see launch.mjs).
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupError } from "./say.mjs";

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

/** Ends the programs that set-up has started: for the moment when set-up itself is interrupted. */
export function stopPrograms() {
  for (const child of running) child.kill("SIGKILL");
}

/**
 * @typedef {object} Outcome
 * @property {number} code 127 where the program does not exist, 124 where it ran out of time,
 *   128 + n where signal n ended it
 * @property {string} stdout
 * @property {string} stderr
 */

/**
 * Never throws for a program that fails: the caller knows what that means.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number }} [options]
 * @returns {Promise<Outcome>}
 */
export function run(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      // Messages are parsed and shown: the plain language of the tools, not the user's.
      env: { ...(options.env ?? process.env), LC_ALL: "C.UTF-8" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    let stdout = "";
    let stderr = "";
    let late = false;
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    const timer = options.timeoutMs
      ? setTimeout(() => {
          late = true;
          child.kill("SIGKILL");
        }, options.timeoutMs)
      : undefined;
    /** @param {number} code */
    const finish = (code) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code: late ? 124 : code, stdout, stderr });
    };
    child.on("error", (error) => {
      stderr += error.message;
      finish(127);
    });
    child.on("close", (code) => finish(code ?? 128));
  });
}

/**
 * The same, for a program that must succeed.
 * @param {string} what names the step in the message
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, help?: string }} [options]
 */
export async function mustRun(what, program, args, options = {}) {
  const outcome = await run(program, args, options);
  if (outcome.code === 0) return outcome;
  const said = excerpt(`${outcome.stdout}\n${outcome.stderr}`);
  throw new SetupError(
    `setup: ${what} failed, ${program} ended with code ${outcome.code}:\n${said}`,
    {
      ...(options.help === undefined ? {} : { help: options.help }),
    },
  );
}

/**
 * What a program said, short enough to show: its first lines often name the cause, its last ones
 * the effect.
 * @param {string} text
 */
export function excerpt(text) {
  const lines = text.split("\n").filter((line) => !/^(npm (error|ERR!|warn))?\s*$/.test(line));
  const shown = lines.length <= 10 ? lines : [...lines.slice(0, 5), "…", ...lines.slice(-4)];
  return shown.map((line) => `  | ${line}`).join("\n");
}

/**
 * The full path of a program on PATH, or null.
 * @param {string} program
 * @param {string} [path]
 */
export function findProgram(program, path = process.env["PATH"] ?? "") {
  for (const folder of path.split(delimiter)) {
    if (folder === "") continue;
    try {
      const file = join(folder, program);
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not here.
    }
  }
  return null;
}
