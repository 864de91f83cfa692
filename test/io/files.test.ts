// Files are whole or absent, run folders are new, JSON and CSV are stable.

import { closeSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { prepareOut, stableJson, writeAtomically, writeJson } from "../../src/io/files.ts";
import { createLocked } from "../../src/io/locked-file.ts";
import { historyCsv } from "../../src/runs/history.ts";
import { writeHistory } from "../../src/runs/run-folder.ts";
import { inFolder, refusalOf } from "./folder.ts";

const test = suite("files");

test("text, bytes and pieces", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "a.txt");
    await writeAtomically(path, "first");
    await writeAtomically(path, Buffer.from("second"));
    assert.is(await readFile(path, "utf8"), "second");
    await writeAtomically(path, [Buffer.from("one "), Buffer.from("two")]);
    assert.is(await readFile(path, "utf8"), "one two");
    assert.equal(await readdir(folder), ["a.txt"]);
  });
});

test("a write that fails leaves the old file and no rest", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "a.bin");
    await writeAtomically(path, "old");
    function* breaking(): Iterable<Uint8Array> {
      yield Buffer.from("new");
      throw new Error("disk full");
    }
    assert.is(await refusalOf(writeAtomically(path, breaking())), "disk full");
    assert.is(await readFile(path, "utf8"), "old");
    assert.equal(await readdir(folder), ["a.bin"]);
    const into = join(folder, "none", "a.bin");
    assert.is(
      await refusalOf(writeAtomically(into, "x")),
      `${into}: cannot be written, got no such file or directory`,
    );
  });
});

test("what a killed process left of the same file goes; what is being written stays", async () => {
  await inFolder(async (folder) => {
    const at = (name: string): string => join(folder, name);
    const left = [".m.keras.4242.0123abcd.tmp", ".m.keras.4242.0123abcd.tmp.h5"];
    const others = [".m.h5.4242.0123abcd.tmp", ".m.keras.notes", "m.keras.1.tmp"];
    for (const name of [...left, ...others]) await writeFile(at(name), "");
    const busy = ".m.keras.4243.4567abcd.tmp";
    const lock = createLocked(at(busy)) ?? 0;
    await writeFile(at(`${busy}.h5`), "");
    await writeAtomically(at("m.keras"), "whole");
    const kept = [...others, busy, `${busy}.h5`, "m.keras"].sort();
    assert.equal((await readdir(folder)).sort(), kept);
    closeSync(lock);
    await writeAtomically(at("m.keras"), "again");
    assert.equal((await readdir(folder)).sort(), [...others, "m.keras"].sort());
  });
});

test("JSON does not depend on the order of construction", async () => {
  const value = { b: [{ d: 1, c: Number.NaN }], a: "x" };
  assert.is(stableJson(value, 0), '{"a":"x","b":[{"c":null,"d":1}]}');
  await inFolder(async (folder) => {
    await writeJson(join(folder, "a.json"), value);
    const text = await readFile(join(folder, "a.json"), "utf8");
    assert.ok(text.startsWith('{\n  "a": "x"') && text.endsWith("}\n"));
  });
});

test("history with and without validation", async () => {
  const row = { loss: 0.5, accuracy: 0.8125, learningRate: 0.001 };
  const plain = "epoch,loss,accuracy,lr\n0,0.5,0.8125,0.001\n";
  assert.is(historyCsv([{ ...row, epoch: 0 }]), plain);
  const validated = { ...row, epoch: 1, loss: Number.NaN, valLoss: 0.25, valAccuracy: 1 };
  const header = "epoch,loss,accuracy,val_loss,val_accuracy,lr";
  const lines = [header, "0,0.5,0.8125,NA,NA,0.001", "1,nan,0.8125,0.25,1,0.001", ""];
  assert.is(historyCsv([{ ...row, epoch: 0 }, validated]), lines.join("\n"));
  await inFolder(async (folder) => {
    await writeHistory(join(folder, "h.csv"), [{ ...row, epoch: 0 }]);
    assert.is(await readFile(join(folder, "h.csv"), "utf8"), plain);
  });
});

test("a run folder is created with its parents, and may be empty already", async () => {
  await inFolder(async (folder) => {
    const out = join(folder, "runs", "first");
    await prepareOut(out);
    await prepareOut(out);
    assert.equal(await readdir(out), []);
  });
});

test("a run folder with content is refused unless the run resumes", async () => {
  await inFolder(async (folder) => {
    await writeFile(join(folder, "history.csv"), "");
    const rule = "out: the folder must be new or empty, got";
    assert.is(await refusalOf(prepareOut(folder)), `${rule} ${folder} with 1 entry`);
    await prepareOut(folder, { mayExist: true });
    assert.equal(await readdir(folder), ["history.csv"]);
  });
});

test("files and places that cannot be written are refused", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "file");
    await writeFile(file, "");
    assert.match(await refusalOf(prepareOut(file)), "out: must be a folder, got the file");
    const below = prepareOut(join(file, "run"));
    assert.match(await refusalOf(below), /^out: must be a folder that can be written.*ENOTDIR/);
    await mkdir(join(folder, "empty"));
    assert.match(await refusalOf(prepareOut("")), "out: must name a folder");
    // Node's own recursive mkdir never returns here.
    if (process.platform === "linux") {
      assert.match(await refusalOf(prepareOut("/proc/no/such")), /^out: .*\/proc\/no\/such/);
    }
  });
});

test.run();
