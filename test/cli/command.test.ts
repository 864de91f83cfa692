// The frame around every command: help, output streams, exit codes. One real process proves what only a process can.

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { defineCommand, executeCommand } from "../../src/cli/frame/command.ts";
import { UsageError } from "../../src/engine/core/errors.ts";
import { memoryHost } from "./host.ts";

const test = suite("command");

const greet = defineCommand({
  name: "greet",
  summary: "Greets somebody.",
  examples: [{ command: "greet Ada --times 2", does: "greet Ada twice" }],
  positionals: [
    { name: "name", help: "whom to greet" },
    { name: "rest", help: "others", many: true, optional: true },
  ],
  flags: {
    times: { type: "integer", default: 1, min: 1, max: 9, help: "how often" },
    tone: { type: "choice", choices: ["warm", "cold"], default: "warm", help: "how" },
    note: { type: "string", help: "words to add" },
  },
  async run({ flags, positionals, say, json, setExitCode }) {
    const [name, ...rest] = positionals;
    // The annotations are the test: values are typed from the definition.
    const tone: "warm" | "cold" = flags.tone;
    const note: string | undefined = flags.note;
    if (name === "nobody") throw new UsageError("name: must be somebody", { help: "try Ada" });
    if (name === "bug") throw new RangeError("first line\nsecond line");
    if (name === "file") readFileSync("no/such/file.csv");
    if (name === "bad") setExitCode(3);
    for (let i = 0; i < flags.times; i++) say(`hello ${name}`);
    json({ name, others: rest.length, tone, note });
  },
});

async function run(...args: string[]) {
  const host = memoryHost();
  const code = await executeCommand(greet, args, host);
  return { code, out: host.stdout.text, err: host.stderr.text };
}

test("an argument of the library is called by its flag, its remedies by theirs", async () => {
  const library = defineCommand({
    ...{ name: "library", summary: "Fails as a library does.", flags: greet.flags },
    positionals: [{ name: "RUN", help: "which error" }],
    run: ({ positionals: [which] }) => {
      const remedies = ["tone", "nowhere", "times"];
      if (which === "flag") throw new UsageError("times: at most 3, got 9", { argument: "times" });
      if (which === "place") throw new UsageError("run: must be one", { argument: "run" });
      if (which === "none") throw new UsageError("batchSize: too large", { argument: "batchSize" });
      if (which === "advice") throw new UsageError("rows: bad", { help: "x", remedies: ["h5"] });
      if (which === "bare") throw new UsageError("rows: too many", { remedies });
      throw new UsageError("rows: too many", { help: "use fewer", remedies });
    },
  });
  const expected = {
    flag: "error: --times: at most 3, got 9\n",
    place: "error: RUN: must be one\n",
    none: "error: batchSize: too large\n",
    advice:
      "error: rows: bad\nhelp: npm run h5 -- FILE lists the layers of a file, and the models that it fits\n",
    bare: "error: rows: too many\nhelp: see --tone, --times\n",
    help: "error: rows: too many\nhelp: use fewer (--tone, --times)\n",
  };
  for (const [which, text] of Object.entries(expected)) {
    const host = memoryHost();
    assert.is(await executeCommand(library, [which], host), 2);
    assert.is(host.stderr.text, text);
  }
});

test("text goes to stdout", async () => {
  const result = await run("Ada", "--times", "2");
  assert.equal(result, { code: 0, out: "hello Ada\nhello Ada\n", err: "" });
});

test("with --json, one line on stdout and the text on stderr", async () => {
  const { code, out, err } = await run("Ada", "Bo", "--json");
  assert.equal([code, err], [0, "hello Ada\n"]);
  assert.equal(JSON.parse(out), { name: "Ada", others: 1, tone: "warm" });
  assert.is(out.split("\n").length, 2);
});

test("with --quiet, no text", async () => {
  assert.equal(await run("Ada", "--quiet"), { code: 0, out: "", err: "" });
});

test("a mistake is one line and its remedy, exit code 2", async () => {
  assert.equal(await run("nobody"), {
    code: 2,
    out: "",
    err: "error: name: must be somebody\nhelp: try Ada\n",
  });
  const { code, err } = await run("Ada", "--tims", "3");
  assert.is(code, 2);
  assert.is(err, "error: --tims: is not a flag of this command\nhelp: did you mean --times?\n");
});

test("a missing file names itself, exit code 2", async () => {
  const { code, err } = await run("file");
  assert.equal([code, err], [2, "error: no/such/file.csv: no such file or directory\n"]);
});

test("an unexpected error is one line, exit code 1, and --debug has the stack", async () => {
  const { code, err } = await run("bug");
  assert.is(code, 1);
  const lines = ["error: unexpected: first line second line"];
  assert.is(err, `${[...lines, "help: run again with --debug for the stack"].join("\n")}\n`);
  assert.match((await run("bug", "--debug")).err, /RangeError: first line\n(.*\n)+ +at /);
});

test("arguments are counted", async () => {
  const missing = await run();
  assert.is(missing.code, 2);
  assert.match(missing.err, "error: name: must be given, whom to greet\nhelp: greet --help");
  const one = defineCommand({ name: "one", summary: "", flags: {}, run: () => undefined });
  const host = memoryHost();
  assert.is(await executeCommand(one, ["x"], host), 2);
  assert.match(host.stderr.text, '"x": is one argument too many');
});

test("a command may have bad news", async () => {
  assert.is((await run("bad")).code, 3);
});

test("--help teaches, also beside mistakes", async () => {
  const { code, out, err } = await run("--bogus", "--help");
  assert.equal([code, err], [0, ""]);
  assert.match(out, "Greets somebody.\n\nUsage\n  greet [flags] <name> [rest...]\n");
  assert.match(out, "--times <count>  how often (default 1; from 1 to 9)");
  assert.match(out, "--tone <name>    how (default warm; one of warm, cold)");
  assert.match(out, "  # greet Ada twice\n  greet Ada --times 2\n");
  for (const line of out.split("\n")) assert.ok(line.length <= 80, line);
});

test("an aborted command exits with the signal's code and says nothing more", async () => {
  const host = memoryHost();
  const wait = defineCommand({
    name: "wait",
    summary: "",
    flags: {},
    async run({ signal }) {
      host.cancel(143);
      signal.throwIfAborted();
    },
  });
  assert.is(await executeCommand(wait, [], host), 143);
  assert.is(host.stderr.text, "");
});

test("a command that stops in good order after a signal still exits with its code", async () => {
  const host = memoryHost();
  const run = () => host.cancel(130);
  const stop = defineCommand({ name: "stop", summary: "", flags: {}, run });
  assert.is(await executeCommand(stop, [], host), 130);
});

test("Ctrl-C in a real process: the first stops in good order, the second at once", async () => {
  const polite = await interrupted("polite");
  assert.equal(polite, { code: 130, out: "ready\nsaved\n" });
  const stubborn = await interrupted("stubborn");
  assert.equal(stubborn, { code: 130, out: "ready\n" });
});

/** Starts a waiting command, interrupts it when it is ready, and again if it does not end. */
async function interrupted(manner: string): Promise<{ code: number | null; out: string }> {
  const script = fileURLToPath(new URL("waiting-command.ts", import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ["--import", "tsx", script, manner]);
  let out = "";
  child.stdout?.on("data", (data) => {
    if (out === "") child.kill("SIGINT");
    out += data;
  });
  child.stderr?.on("data", (data) => {
    // A repeat within a second counts as the same press.
    const again = () => child.kill("SIGINT");
    if (manner === "stubborn" && String(data).includes("again")) setTimeout(again, 1100);
  });
  const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
  return { code, out };
}

test.run();
