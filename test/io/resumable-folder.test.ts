// Folders of long work: taken up by the same work, refused to any other, discarded only when asked.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FormatError, UsageError } from "../../src/engine/core/errors.ts";
import { openResumable } from "../../src/io/resumable-folder.ts";
import { rejects, temporaryFolder } from "../data/sample-files.ts";

const test = suite("resumable folder");

const work = (path: string, more: object = {}) => ({
  path,
  manifest: "work.json",
  kind: "test work",
  format: 2,
  settings: { seed: 1, model: { name: "a", size: 3 } },
  contents: /^part-\d+$/,
  ...more,
});

async function begun(): Promise<string> {
  const path = join(temporaryFolder(), "work");
  assert.is(await openResumable(work(path)), "new");
  mkdirSync(join(path, "part-1"));
  writeFileSync(join(path, "part-1", "x"), "1");
  return path;
}

test("the same work goes on, whatever the order of its settings", async () => {
  const path = await begun();
  const settings = { model: { size: 3, name: "a" }, seed: 1 };
  assert.is(await openResumable(work(path, { settings })), "resumed");
  assert.ok(existsSync(join(path, "part-1", "x")));
});

test("other settings are refused, those that only one side has among them", async () => {
  const path = await begun();
  const got = (settings: object, text: string) =>
    rejects(
      () => openResumable(work(path, { settings })),
      UsageError,
      `out: the folder holds a test work of other settings, got ${text}`,
    );
  const model = { name: "a", size: 3 };
  await got({ seed: 2, model }, `seed 1 in ${path} and 2 now`);
  await got({ seed: 1, model, folds: 5 }, `folds none in ${path} and 5 now`);
  await got({ seed: 1 }, `model {"name":"a","size":3} in ${path} and none now`);
  assert.ok(existsSync(join(path, "part-1", "x")));
});

test("a newer or a damaged manifest is refused", async () => {
  const path = await begun();
  const file = join(path, "work.json");
  await rejects(
    () => openResumable(work(path, { format: 1 })),
    FormatError,
    `${file}: was written by a newer Vitrine, got format 2, this one reads 1`,
  );
  writeFileSync(file, "[]");
  await rejects(
    () => openResumable(work(path)),
    FormatError,
    `${file}: must be a JSON object, got a list`,
  );
  writeFileSync(file, "{}");
  await rejects(
    () => openResumable(work(path)),
    FormatError,
    `${file}: format must be there, got nothing`,
  );
});

test("overwriting removes what is the work's, and refuses a folder with more", async () => {
  const path = await begun();
  const settings = { seed: 9 };
  assert.is(await openResumable(work(path, { settings, overwrite: true })), "new");
  assert.equal(readdirSync(path), [".lock", "work.json"]);
  assert.equal(JSON.parse(readFileSync(join(path, "work.json"), "utf8")), { format: 2, seed: 9 });
  mkdirSync(join(path, "part-2"));
  writeFileSync(join(path, "notes.txt"), "keep me");
  await rejects(
    () => openResumable(work(path, { overwrite: true })),
    UsageError,
    `overwrite: the folder must hold nothing but the work that goes, got notes.txt in ${path}`,
  );
  assert.equal(readdirSync(path).sort(), [".lock", "notes.txt", "part-2", "work.json"]);
  const foreign = temporaryFolder();
  writeFileSync(join(foreign, "thesis.txt"), "keep me");
  await rejects(
    () => openResumable(work(foreign, { overwrite: true })),
    UsageError,
    `out: the folder must be new or empty, got ${foreign} with 1 entry`,
  );
  assert.equal(readdirSync(foreign), ["thesis.txt"]);
});

test("what a kill left of the first write does not count", async () => {
  const path = temporaryFolder();
  writeFileSync(join(path, ".work.json.4242.0123abcd.tmp"), "{");
  writeFileSync(join(path, ".probe.4242.tmp"), "x");
  assert.is(await openResumable(work(path)), "new");
  assert.equal(readdirSync(path), [".lock", "work.json"]);
});

test("one process at a time works in a folder, and a killed one does not count", async () => {
  const path = await begun();
  assert.is(readFileSync(join(path, ".lock"), "utf8"), `${process.pid} ${hostname()}\n`);
  const theirs = temporaryFolder();
  writeFileSync(join(theirs, "work.json"), readFileSync(join(path, "work.json")));
  const other = await holderOf(theirs);
  const refusal = `out: is in use, got ${theirs}, where process ${other.pid} works`;
  await rejects(() => openResumable(work(theirs)), UsageError, refusal);
  await rejects(() => openResumable(work(theirs, { overwrite: true })), UsageError, refusal);
  const gone = new Promise((resolve) => other.once("exit", resolve));
  other.kill("SIGKILL");
  await gone;
  assert.is(await openResumable(work(theirs)), "resumed");
});

test("a file that names a process that runs is no lock by itself, as after a container's restart", async () => {
  const path = temporaryFolder();
  writeFileSync(join(path, ".lock"), `1 ${hostname()}\n`);
  assert.is(await openResumable(work(path)), "new");
});

test("of eight processes that race for a folder, one gets it, every time", async () => {
  for (let round = 0; round < 5; round++) {
    const path = temporaryFolder();
    const racers = Array.from({ length: 8 }, () => startHolder(path));
    const said = await Promise.all(racers.map(({ said }) => said));
    assert.equal(said.toSorted(), ["held", ...Array.from({ length: 7 }, () => "in use")]);
    for (const { child } of racers) child.kill("SIGKILL");
  }
});

/** A process that holds a folder until it is killed, or says that it cannot. */
function startHolder(folder: string) {
  const module = fileURLToPath(new URL("../../src/io/folder-lock.ts", import.meta.url));
  const script = `
    import { holdFolder } from ${JSON.stringify(module)};
    setInterval(() => {}, 60_000);
    try { holdFolder(${JSON.stringify(folder)}); console.log("held"); } catch { console.log("in use"); }`;
  const args = ["--import", "tsx", "--input-type=module", "-e", script];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const said = new Promise<string>((resolve) =>
    child.stdout.once("data", (piece) => resolve(String(piece).trim())),
  );
  return { child, said };
}

async function holderOf(folder: string) {
  const { child, said } = startHolder(folder);
  assert.is(await said, "held");
  return child;
}

test.run();
