// The reader of saved JSON: what it refuses, in which words, and that it neither hangs nor reads without bounds.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as v from "valibot";
import { FormatError } from "../../src/engine/core/errors.ts";
import { readJson, readJsonIfThere } from "../../src/io/read-json.ts";
import { count, logs, rate, score } from "../../src/io/saved-values.ts";
import { rejects, temporaryFolder } from "../data/sample-files.ts";

const test = suite("read json");

const folder = temporaryFolder();
const file = join(folder, "fold.json");
const schema = v.object({
  epochs: count,
  heldOut: score,
  kind: v.picklist(["a", "b"]),
  history: v.optional(v.array(logs)),
  rate: v.optional(rate),
});
const SAVED = { what: "the result of a fold", format: 2, help: "remove it" };
const SOUND = { epochs: 3, heldOut: { loss: 0.5, accuracy: 0.9, rows: 10 }, kind: "a" };

const read = () => readJson(file, schema, SAVED);
const refused = async (content: string | Uint8Array, message: string): Promise<void> => {
  writeFileSync(file, content);
  await rejects(read, FormatError, `${file}: ${message}`);
};
const changed = (change: object): string => JSON.stringify({ ...SOUND, ...change });

test("what is sound is read", async () => {
  writeFileSync(file, JSON.stringify(SOUND));
  assert.equal(await read(), SOUND);
  assert.is(await readJsonIfThere(join(folder, "none.json"), schema, SAVED), null);
  assert.is(await readJsonIfThere(join(file, "none.json"), schema, SAVED), null);
});

test("a figure that cannot be is named by its place", async () => {
  const scored = (change: object) => changed({ heldOut: { ...SOUND.heldOut, ...change } });
  await refused(scored({ accuracy: 65_536 }), "heldOut.accuracy must be at most 1, got 65536");
  await refused(scored({ accuracy: -0.1 }), "heldOut.accuracy must be at least 0, got -0.1");
  await refused(scored({ loss: "NaN" }), 'heldOut.loss must be a number, got "NaN"');
  await refused(scored({ loss: null }), "heldOut.loss must be a number, got null");
  await refused(scored({ rows: 1.5 }), "heldOut.rows must be a whole number, got 1.5");
  const infinite = JSON.stringify(SOUND).replace("0.5", "1e400");
  await refused(infinite, "heldOut.loss must be a finite number, got Infinity");
  await refused(changed({ epochs: 2 ** 60 }), `epochs must be a whole number, got ${2 ** 60}`);
  await refused(changed({ rate: 0 }), "rate must be above 0, got 0");
  await refused(
    changed({ history: [{ val_accuracy: 5 }] }),
    "history.0.val_accuracy must be from 0 to 1, got 5",
  );
});

test("infinite numbers are refused where the schema does not look", async () => {
  await refused(
    '{"anything": {"deep": [1, -1e999]}}',
    ["anything.deep.1 must be a finite number, got -Infinity"].join(""),
  );
});

test("other forms are named", async () => {
  await refused("{", "must be JSON, got 1 characters that are not");
  await refused("null", "must be the result of a fold, got null");
  await refused("[]", "must be the result of a fold, got a list");
  await refused("7", "must be the result of a fold, got 7");
  await refused("{}", "epochs must be there, got nothing");
  await refused(changed({ kind: "c" }), 'kind must be "a" or "b", got "c"');
  await refused(changed({ heldOut: [] }), "heldOut.loss must be there, got nothing");
  await refused(changed({ heldOut: 3 }), "heldOut must be an object, got 3");
  await refused(Uint8Array.of(0x22, 0xff, 0x22), "must be JSON in UTF-8, got 3 bytes that are not");
  await refused(
    `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    ["it must be at most 64 lists and objects deep, got more"].join(""),
  );
  const newer = "was written by a newer Vitrine, got format 3, this one reads 2";
  await refused(changed({ format: 3, epochs: "many" }), newer);
});

test("a long value is shown in part, and control characters of it as what they are", async () => {
  await refused(
    changed({ epochs: "\u001b[2Jforged\n" }),
    String.raw`epochs must be a number, got "\x1b[2Jforged\x0a"`,
  );
  writeFileSync(file, changed({ epochs: "x".repeat(5000) }));
  const message = String(await read().catch((error: Error) => error.message));
  assert.ok(message.length < file.length + 130, message);
});

test("pipes, folders and huge files are refused unread", async () => {
  const pipe = join(folder, "pipe.json");
  execFileSync("mkfifo", [pipe]);
  await rejects(
    () => readJson(pipe, schema, SAVED),
    FormatError,
    `${pipe}: must be a file, got something else`,
  );
  const inside = join(folder, "inside.json");
  mkdirSync(inside);
  await rejects(
    () => readJson(inside, schema, SAVED),
    FormatError,
    `${inside}: must be a file, got a folder`,
  );
  writeFileSync(file, JSON.stringify(SOUND));
  await rejects(
    () => readJson(file, schema, { ...SAVED, mostBytes: 20 }),
    FormatError,
    `${file}: must be the result of a fold of at most 20 bytes, got 71`,
  );
});

test.run();
