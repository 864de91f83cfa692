// Set-up's lock, by the system and by files: one holder at a time whoever races for it, and none that is gone.
import { type ChildProcess, spawn } from "node:child_process";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ROOT } from "../src/setup/files.mjs";
import { withLock } from "../src/setup/lock.mjs";
import { FileLock } from "../src/setup/lock-file.mjs";
import { findProgram } from "../src/setup/run.mjs";

const test = suite<{ path: string; folder: string }>("set-up lock", { path: "", folder: "" });
const MODULE = JSON.stringify(pathToFileURL(join(ROOT, "src", "setup", "lock.mjs")).href);
const MEANS = [...(findProgram("flock") ? [{ hasFlock: true }] : []), { hasFlock: false }];

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "vitrine lock-"));
  context.path = join(context.folder, "setup.lock");
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }));

function start(script: string): ChildProcess {
  return spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

const ended = (child: ChildProcess) =>
  new Promise<unknown>((resolve) => child.once("exit", resolve));
const line = (child: ChildProcess) =>
  new Promise<string>((resolve) => child.stdout?.once("data", (text) => resolve(String(text))));

/** Prints `held`, then holds it until it is killed. */
const holder = (path: string, means: object) =>
  start(`import { withLock } from ${MODULE};
    await withLock(() => { console.log("held"); return new Promise((r) => setTimeout(r, 60000)); },
      ${JSON.stringify(path)}, ${JSON.stringify(means)});`);

test("eight processes race for it twenty times, and never two hold it", async ({
  path,
  folder,
}) => {
  for (const means of MEANS) {
    const log = join(folder, `log-${means.hasFlock}`);
    writeFileSync(log, "");
    // Waits are cut short, so that they meet as often as they can; whoever is last is killed while it holds the lock.
    const script = `import { appendFileSync } from "node:fs";
      import { withLock } from ${MODULE};
      const wait = setTimeout;
      globalThis.setTimeout = (work, ms, ...rest) => wait(work, ms === 200 ? 1 : ms, ...rest);
      process.stderr.write = () => true;
      for (let round = 0; round < 20; round++) {
        await withLock(async () => {
          appendFileSync(${JSON.stringify(log)}, "+");
          await new Promise((r) => wait(r, Math.random() * 3));
          appendFileSync(${JSON.stringify(log)}, "-");
        }, ${JSON.stringify(path)}, ${JSON.stringify(means)});
      }`;
    const racers = Array.from({ length: 8 }, () => start(script));
    assert.equal(await Promise.all(racers.map(ended)), Array(8).fill(0));
    assert.is(readFileSync(log, "utf8"), "+-".repeat(160), JSON.stringify(means));
  }
});

test("racers for the lock of one that was killed: one gets it", async ({ path, folder }) => {
  const means = { hasFlock: false };
  for (let round = 0; round < 5; round++) {
    const gone = holder(path, means);
    await line(gone);
    gone.kill("SIGKILL");
    await ended(gone);
    const log = join(folder, "log");
    writeFileSync(log, "");
    const script = `import { appendFileSync } from "node:fs";
      import { withLock } from ${MODULE};
      process.stderr.write = () => true;
      await new Promise((r) => process.stdin.once("data", r));
      await withLock(async () => {
        appendFileSync(${JSON.stringify(log)}, "+");
        await new Promise((r) => setTimeout(r, 5));
        appendFileSync(${JSON.stringify(log)}, "-");
      }, ${JSON.stringify(path)}, ${JSON.stringify(means)});
      process.exit();`;
    const racers = Array.from({ length: 4 }, () => start(script));
    for (const racer of racers) racer.stdin?.write("go");
    await Promise.all(racers.map(ended));
    assert.is(readFileSync(log, "utf8"), "+-".repeat(4));
  }
});

test("it goes with its holder, when that is killed and when it ends", async ({ path }) => {
  for (const means of MEANS) {
    const held = holder(path, means);
    assert.is(await line(held), "held\n");
    held.kill("SIGKILL");
    await ended(held);
    assert.is(await withLock(async () => "mine", path, means), "mine");
    assert.is(await withLock(async () => "again", path, means), "again");
    const failed = withLock(() => Promise.reject(new Error("no")), path, means);
    assert.is(await failed.catch((error: Error) => error.message), "no");
    assert.is(await withLock(async () => "after", path, means), "after");
  }
});

test("a zombie holds nothing", async ({ path }) => {
  for (const means of MEANS) {
    // A parent that does not wait for its child: exec replaces the shell, and sleep asks after nobody.
    const command = `"$NODE" --input-type=module -e "$SCRIPT" & exec sleep 60`;
    const script = `import { withLock } from ${MODULE};
      await withLock(async () => { console.log(String(process.pid)); process.kill(process.pid, "SIGKILL");
        await new Promise((r) => setTimeout(r, 1000)); }, ${JSON.stringify(path)}, ${JSON.stringify(means)});`;
    const parent = spawn("sh", ["-c", command], {
      env: { ...process.env, NODE: process.execPath, SCRIPT: script },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const pid = Number(await line(parent));
    for (;;) {
      if (/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.is(await withLock(async () => "mine", path, means), "mine");
    parent.kill("SIGKILL");
    await ended(parent);
  }
});

/** The lock's file as a holder here would have written it, changed. */
function plant(path: string, change: object): void {
  const release = new FileLock(path).tryTake();
  assert.type(release, "function");
  const [file = ""] = readdirSync(join(path, "..")).filter((name) => /\.\d+$/.test(name));
  const at = join(path, "..", file);
  writeFileSync(at, JSON.stringify({ ...JSON.parse(readFileSync(at, "utf8")), ...change }));
}

test("a number that now belongs to another process is no holder", ({ path }) => {
  plant(path, { started: "1" });
  assert.type(new FileLock(path).tryTake(), "function");
});

test("a holder that cannot be looked up counts while it gives signs of life, whatever its clock says", async ({
  path,
}) => {
  // Another start of the machine, another container, a clock that is a year ahead.
  plant(path, { place: "elsewhere" });
  const [file = ""] = readdirSync(join(path, "..")).filter((name) => /\.\d+$/.test(name));
  const at = join(path, "..", file);
  const ahead = Date.now() / 1000 + 3e7;
  utimesSync(at, ahead, ahead);
  const waiting = new FileLock(path, { silentMs: 100 });
  assert.is(waiting.tryTake(), "held");
  await new Promise((resolve) => setTimeout(resolve, 60));
  utimesSync(at, ahead + 5, ahead + 5);
  assert.is(waiting.tryTake(), "held");
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.is(waiting.tryTake(), "held", "the heart beat");
  await new Promise((resolve) => setTimeout(resolve, 120));
  assert.type(waiting.tryTake(), "function");
});

test("a file that is no lock's is nobody's after a while", async ({ path }) => {
  appendFileSync(`${path}.1`, '{"pid": "x"');
  const waiting = new FileLock(path, { silentMs: 50 });
  assert.is(waiting.tryTake(), "held");
  await new Promise((resolve) => setTimeout(resolve, 80));
  assert.type(waiting.tryTake(), "function");
});

test.run();
