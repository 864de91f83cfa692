// Every command in docs/learn runs: in the order of the chapters, with a small data set in place of Fashion-MNIST, and runs/ in a
// folder of its own. A command whose script package.json does not have is left out.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Command, learnPath, readChapter } from "../../bench/learn/chapter.ts";
import { programOf as lookOf, looks } from "../../bench/learn/look.mjs";
import { programOf } from "../../src/setup/launch.mjs";
import { type Finished, runToEnd } from "../cli/start-command.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";

const test = suite("learn: commands");

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const HOOKS = ["--import", "tsx", "--import", "./src/shaders/node-hook.mjs"];
const runs = join(temporaryFolder(), "runs");
const data = smallIdxFolder({ train: 3000, test: 100 });

const manifest: unknown = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const { scripts } = manifest as { readonly scripts: Readonly<Record<string, string>> };

/** Commands and looks that read Fashion-MNIST. */
const WITH_DATA = ["train", "verify", "profile", "pixel", "gradient", "nan"];

interface Started {
  /** The project's command; null: the words are Node's own. */
  readonly script: string | null;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What a command stands for; null where there is no such script. */
function startOf(command: string): Started | null {
  const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word);
  const env: Record<string, string> = {};
  while (words[0]?.includes("=")) {
    const [name = "", value = ""] = words.shift()?.split("=") ?? [];
    env[name] = value;
  }
  const [program, first = "", second = "", ...rest] = words.map((word = "") =>
    word.replace(/^runs\//, `${runs}/`),
  );
  if (program === "node" && first === "bench/learn/look.mjs") {
    return { script: null, args: lookOf(second, [...rest, ...dataFor(second)]), env };
  }
  assert.is(program, "npm", `${command}: starts with npm or a look`);
  if (first === "test") {
    assert.not(rest.some((pattern) => new RegExp(pattern).test("learn/commands.test.ts")));
    // Whoever runs all tests runs these; the grader's answer is another with a variable.
    if (Object.keys(env).length === 0) return { script: null, args: named(rest.at(-1) ?? ""), env };
    return { script: null, args: [...HOOKS, ...programOf("test", rest)], env };
  }
  assert.is(first, "run", command);
  if (!(second in scripts)) return null;
  const own = rest.filter((word) => word !== "--");
  return { script: second, args: [...own, ...dataFor(second)], env };
}

/** Tests that are named are there. */
function named(pattern: string): readonly string[] {
  const names = readdirSync(join(ROOT, "test"), { recursive: true }).map(String);
  const found = names.filter((name) => name.endsWith(".test.ts") && new RegExp(pattern).test(name));
  return ["-e", `console.log("Total:", ${found.length})`];
}

function dataFor(name: string): readonly string[] {
  return WITH_DATA.includes(name) ? ["--data", data] : [];
}

async function run({ script, args, env }: Started): Promise<Finished> {
  if (script !== null) return runToEnd(script, args, { env });
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, FORCE_COLOR: "0", ...env },
  });
  return { code: status ?? "none", stdout, stderr };
}

/** The files of the course, as a reader comes to them. */
function files(): readonly string[] {
  const chapters = readdirSync(learnPath("")).filter((file) => /^\d\d-.*\.md$/.test(file));
  return [...chapters.sort(), "README.md", "solutions/README.md"];
}

const commands = new Map<string, Command & { readonly file: string }>();
for (const file of files()) {
  for (const command of readChapter(file).commands) {
    if (!commands.has(command.command)) commands.set(command.command, { ...command, file });
  }
}

for (const { command, exitCode, file } of commands.values()) {
  test(`${file}: ${command}`, async () => {
    const started = startOf(command);
    if (started === null) return;
    const { code, stdout, stderr } = await run(started);
    const output = stdout + stderr;
    assert.is(code, exitCode, output);
    assert.ok(output.trim() !== "", "it prints something");
    if (command.includes("npm test")) assert.match(output, /Total: +[1-9]/, "it finds tests");
  });
}

test("every chapter has a command, and every look a chapter", () => {
  for (const file of files().filter((name) => /^\d/.test(name))) {
    assert.ok(readChapter(file).commands.length > 0, file);
  }
  const shown = [...commands.keys()].map((command) => /look\.mjs (\S+)/.exec(command)?.[1]);
  assert.equal(looks(), [...new Set(shown.filter((name) => name !== undefined))].sort());
});

test("a look that is none is refused", () => {
  assert.throws(() => lookOf("piksel", []), /^look: must be one of adam, .*, got piksel$/);
});

test.run();
