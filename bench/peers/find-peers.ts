// The peers in a folder: programs of others that measure what a case of ours measures. A `peer.json` (or `NAME.peer.json`, several
// side by side) names a command and its case; it lies in the folder itself or in one just below. A folder without any is read as
// it lies: the commands in its README, and the scripts that are called `…_peer`. docs/bench.md has the contract.

import { existsSync, statSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import * as v from "valibot";
import { UsageError } from "../../src/engine/core/errors.ts";
import { foreignText } from "../../src/format/foreign-text.ts";
import { readJson } from "../../src/io/read-json.ts";
import type { SavedJson } from "../../src/io/saved-json.ts";

export interface Peer {
  readonly name: string;
  /** A program and its arguments; no shell reads them. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where it is started. */
  readonly folder: string;
  /** What its figures are of, where they do not say so themselves. */
  readonly case: string | null;
}

const SAVED: SavedJson = {
  what: "a peer of the bench",
  format: 1,
  help: 'it has a command and a case: { "command": ["node", "step.mjs"], "case": "train step lenet5 batch 50" }',
};

const text = v.pipe(v.string(), v.minLength(1, "text that is not empty"));
const schema = v.object({
  format: v.optional(v.literal(1)),
  name: v.optional(text),
  command: v.tupleWithRest([text], v.string()),
  env: v.optional(v.record(v.string(), v.string()), {}),
  case: v.optional(text),
});

/** In the order of their files' names. Throws UsageError for a folder with none. */
export async function findPeers(folder: string): Promise<readonly Peer[]> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new UsageError(`--peers: must be a folder, got ${folder}`);
  }
  const named = await namedPeers(folder);
  const peers = named.length > 0 ? named : await unnamedPeers(folder);
  if (peers.length > 0) return peers;
  throw new UsageError(`--peers: must be a folder with peers in it, got ${folder} with none`, {
    help: "a peer has a peer.json, or is a script called …_peer.mjs or …_peer.py; docs/bench.md says more",
  });
}

async function namedPeers(folder: string): Promise<readonly Peer[]> {
  const below = (await filesIn(folder, "folders")).map((name) => join(folder, name));
  const peers: Peer[] = [];
  for (const place of [folder, ...below]) {
    for (const file of await filesIn(place, "files")) {
      if (/(^|\.)peer\.json$/.test(file)) peers.push(await namedPeer(place, file));
    }
  }
  return peers;
}

async function namedPeer(folder: string, file: string): Promise<Peer> {
  const saved = await readJson(join(folder, file), schema, SAVED);
  const own = file === "peer.json" ? basename(resolve(folder)) : file.replace(/\.peer\.json$/, "");
  const { name = own, command, env, case: of = null } = saved;
  return { name: foreignText(name), command, env, folder, case: of };
}

async function filesIn(folder: string, which: "files" | "folders"): Promise<readonly string[]> {
  const entries = await readdir(folder);
  const isWanted = (name: string) => {
    const found = statSync(join(folder, name), { throwIfNoEntry: false });
    return which === "files" ? found?.isFile() : found?.isDirectory() && name !== "node_modules";
  };
  return entries.filter(isWanted).sort();
}

const PROGRAMS: Readonly<Record<string, string>> = {
  mjs: "node",
  cjs: "node",
  js: "node",
  py: "python3",
};

/** The README says with which arguments; scripts that it does not mention are run without any. */
async function unnamedPeers(folder: string): Promise<readonly Peer[]> {
  const files = await filesIn(folder, "files");
  const readme = files.find((name) => /^readme\.md$/i.test(name));
  const shown = readme ? commandsIn(await readFile(join(folder, readme), "utf8"), folder) : [];
  const mentioned = new Set(shown.flatMap(({ command }) => command));
  const others = files.flatMap((file): readonly Peer[] => {
    const program = PROGRAMS[/_peer\.(\w+)$/.exec(file)?.[1] ?? ""];
    if (program === undefined || mentioned.has(file)) return [];
    return [{ name: foreignText(file), command: [program, file], env: {}, folder, case: null }];
  });
  return [...shown, ...others];
}

/** Lines of code blocks that run a script of the folder: `PATCH=1 node step.mjs wasm 50   # a remark`. */
export function commandsIn(markdown: string, folder: string): readonly Peer[] {
  const fences = [...markdown.matchAll(/^```\w*\n([\s\S]*?)^```\s*$/gm)];
  const lines = fences.flatMap(({ 1: body = "" }) => body.split("\n"));
  return lines.flatMap((line): readonly Peer[] => {
    const words = wordsOf(line.replace(/(^|\s)#.*$/, ""));
    const start = words.findIndex((word) => !/^\w+=/.test(word));
    const command = words.slice(start);
    const [program = "", ...args] = start < 0 ? [] : command;
    const isScript = (word: string) => /\.\w+$/.test(word) && existsSync(join(folder, word));
    if (program === "" || !args.some(isScript)) return [];
    const settings = words.slice(0, start);
    const env = Object.fromEntries(settings.map(assignment));
    const name = foreignText([...settings, ...args].join(" "));
    return [{ name, command, env, folder, case: null }];
  });
}

function assignment(word: string): readonly [string, string] {
  const at = word.indexOf("=");
  return [word.slice(0, at), word.slice(at + 1)];
}

/** Quotes hold words together, and go; nothing else means anything. */
function wordsOf(line: string): readonly string[] {
  const words = line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return words.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}
