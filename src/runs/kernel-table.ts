// The file of the kernels that were chosen: for an adapter what was measured there, in the cache; in a run's folder what the run
// was recorded with. Both are of one form, so that either can be given to repeat a run, and a chief tells its workers of it in the
// same. Measuring is inspect/rungs.

import { createHash } from "node:crypto";
import { mkdir, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as v from "valibot";
import type { Device } from "../engine/core/device.ts";
import { UsageError, VitrineError } from "../engine/core/errors.ts";
import type { RungChoices } from "../engine/core/rung-table.ts";
import { kernelsOfLadder, LADDERS } from "../engine/ops/ladders.ts";
import { ladderOfKey, nameOfVariant } from "../engine/program/ladder.ts";
import type { MeasuredProblems } from "../inspect/rungs/measure-rungs.ts";
import { type JsonValue, writeJson } from "../io/files.ts";
import { readJsonIfThere } from "../io/read-json.ts";

/** Raised when the file changes meaning; a newer one is refused. Format 1 had one digest of all ladders. */
const FORMAT = 2;
/** In the folder of a run. */
export const KERNELS_FILE = "kernels.json";

const SAVED = {
  what: "a table of kernels",
  format: FORMAT,
  help: "tune-kernels measures one anew",
};

const milliseconds = v.pipe(v.number(), v.minValue(0));

export const kernelTable = v.object({
  format: v.picklist([1, FORMAT]),
  adapter: v.string(),
  driver: v.string(),
  dawn: v.string(),
  kernels: v.union([v.string(), v.record(v.string(), v.string())]),
  problems: v.record(
    v.string(),
    v.object({
      rung: v.string(),
      ordered: v.optional(v.string()),
      ms: v.optional(v.record(v.string(), milliseconds)),
      refused: v.optional(v.array(v.string())),
      variantsLeft: v.optional(v.boolean()),
    }),
  ),
});

/** What the times and bits of kernels depend on beside the problem. */
export interface KernelSetting {
  readonly adapter: string;
  readonly driver: string;
  /** Version of the package `webgpu`. */
  readonly dawn: string;
  /** By ladder the SHA-256 of its rungs and of their kernels, so that a change of one leaves what was measured of the others. */
  readonly kernels: Readonly<Record<string, string>>;
}

export type KernelTable = v.InferOutput<typeof kernelTable>;

export function settingOf(device: Device): KernelSetting {
  const { name, info, subgroupSize } = device;
  const require = createRequire(import.meta.url);
  const { version } = require("webgpu/package.json") as { readonly version: string };
  const kernels = kernelDigests(subgroupSize);
  return { adapter: name, driver: info.description, dawn: version, kernels };
}

/**
 * Of each ladder's rungs and variants in their order, the switches, constants and texts of the kernels that they dispatch, and the
 * digests of ladders that solve a part of their problems: a convolution as matrix products takes as long as these do.
 */
function kernelDigests(subgroupSize: number | null): KernelSetting["kernels"] {
  const known = new Map<string, string>();
  const digestOf = (name: string): string => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const { own, within } = kernelsOfLadder(name, subgroupSize);
    const digest = createHash("sha256").update(`${name} ${waysOf(name).join(" ")}\n`);
    const texts = new Set<string>();
    for (const { label, shader, flags = {}, constants = {} } of own) {
      digest.update(`${label} ${JSON.stringify([flags, constants])}\n`);
      texts.add(shader.text);
    }
    for (const text of texts) digest.update(text);
    for (const other of within) digest.update(`${other} ${digestOf(other)}\n`);
    const hex = digest.digest("hex");
    known.set(name, hex);
    return hex;
  };
  return Object.fromEntries(LADDERS.map(({ name }) => [name, digestOf(name)]));
}

function waysOf(ladder: string): readonly string[] {
  const rungs = LADDERS.find(({ name }) => name === ladder)?.rungs ?? [];
  return rungs.flatMap(({ name, variants = [] }) => [
    name,
    ...variants.map((variant) => nameOfVariant(name, variant.name)),
  ]);
}

/** The adapter's file in a folder of tables. */
export function tablePath(folder: string, device: Device): string {
  const name = device.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return join(folder, `${name.replaceAll(/^-|-$/g, "")}.json`);
}

export interface FoundTable {
  readonly measured: MeasuredProblems;
  /** Why what is in the file counts for nothing, or some of it, in words; null where all counts, or there is none. */
  readonly setAside: string | null;
}

/**
 * What was measured on the device's adapter. A file that is damaged, or of another setting, counts for nothing; where it is other kernels
 * that a ladder has now, the problems of the other ladders count.
 */
export async function readMeasured(path: string, setting: KernelSetting): Promise<FoundTable> {
  const none = new Map();
  try {
    const table = await readJsonIfThere(path, kernelTable, SAVED);
    if (!table) return { measured: none, setAside: null };
    const differs = differenceOf(table, setting);
    const setAside = differs === null ? null : `${path}: ${differs}`;
    const changed = isOfAdapter(table, setting) ? changedLadders(table, setting) : null;
    if (!changed) return { measured: none, setAside };
    const all = [...measuredOf(table)];
    return { measured: new Map(all.filter(([key]) => !changed.has(ladderOfKey(key)))), setAside };
  } catch (error) {
    if (!(error instanceof VitrineError)) throw error;
    return { measured: none, setAside: error.message };
  }
}

/** Problems whose rungs were measured, as opposed to taken. */
export function measuredOf({ problems }: KernelTable): MeasuredProblems {
  return new Map(
    Object.entries(problems).map(([key, problem]) => {
      const { rung, ordered = rung, ms = {}, refused = [], variantsLeft = false } = problem;
      const measured = { rung, ordered, ms, refused };
      return [key, variantsLeft ? { ...measured, variantsLeft } : measured];
    }),
  );
}

/** Adds what was measured to what counts of the adapter's file, which is written whole. */
export async function addMeasured(
  path: string,
  setting: KernelSetting,
  added: MeasuredProblems,
): Promise<MeasuredProblems> {
  const { measured } = await readMeasured(path, setting);
  const all = new Map([...measured, ...added]);
  await mkdir(dirname(path), { recursive: true });
  const problems = Object.fromEntries(all) as unknown as JsonValue;
  await writeJson(path, { format: FORMAT, ...setting, problems });
  return all;
}

/** The rungs as a table, without what they were measured by; of another table's setting, in that one's format. */
export function tableOf(setting: KernelSetting | KernelTable, rungs: RungChoices): KernelTable {
  const problems = Object.fromEntries([...rungs].map(([key, rung]) => [key, { rung }]));
  return { format: FORMAT, ...setting, problems };
}

/** What the device was filled with; null where every choice is left to the order. */
export function tableOn(device: Device): KernelTable | null {
  const { chosen } = device.rungTable;
  return chosen.size === 0 ? null : tableOf(settingOf(device), chosen);
}

export function rungsIn({ problems }: KernelTable): RungChoices {
  return new Map(Object.entries(problems).map(([key, { rung }]) => [key, rung]));
}

/** Writes the table that a run is recorded with into its folder. */
export async function writeTable(out: string, table: KernelTable): Promise<void> {
  await writeJson(join(out, KERNELS_FILE), table as unknown as JsonValue);
}

/** The table of a run's folder, or null where it records none. Throws FormatError for a file that is damaged. */
export async function tableOfRun(out: string): Promise<KernelTable | null> {
  return await readJsonIfThere(join(out, KERNELS_FILE), kernelTable, SAVED);
}

/** The table that a file or a run's folder holds. Throws FormatError for anything else. */
export async function readTable(path: string): Promise<KernelTable> {
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? false;
  const file = isFolder ? join(path, KERNELS_FILE) : path;
  const table = await readJsonIfThere(file, kernelTable, SAVED);
  if (table) return table;
  throw new UsageError(`kernels: must be a table of kernels or a run's folder, got ${path}`, {
    ...{ argument: "kernels", help: `there is no ${file}` },
  });
}

/** The table that a person gives for this adapter. Throws UsageError where it is another adapter's. */
export async function givenTable(path: string, setting: KernelSetting): Promise<KernelTable> {
  const table = await readTable(path);
  if (table.adapter === setting.adapter) return table;
  throw new UsageError(
    `kernels: must be of the adapter ${setting.adapter}, got ${path} of ${table.adapter}`,
    { argument: "kernels", remedies: ["adapter"] },
  );
}

const ADAPTER = ["adapter", "driver", "dawn"] as const;

function isOfAdapter(table: KernelTable, setting: KernelSetting): boolean {
  return ADAPTER.every((name) => table[name] === setting[name]);
}

/** The ladders that problems of the table are on, and whose kernels were others; of an early table all, for it does not say. */
function changedLadders({ kernels, problems }: KernelTable, now: KernelSetting): Set<string> {
  const ladders = new Set(Object.keys(problems).map(ladderOfKey));
  const isSame = (name: string) =>
    typeof kernels !== "string" && kernels[name] === now.kernels[name];
  return new Set([...ladders].filter((name) => !isSame(name)));
}

/**
 * What differs from the setting at hand, so that bits may too: `was measured with another driver, …`,
 * `was measured with other kernels of conv2d.dw than today's`; null where nothing does.
 */
export function differenceOf(table: KernelTable, setting: KernelSetting): string | null {
  for (const name of ADAPTER) {
    if (table[name] === setting[name]) continue;
    return `was measured with another ${name}, ${table[name]}`;
  }
  const changed = [...changedLadders(table, setting)];
  if (changed.length === 0) return null;
  if (typeof table.kernels === "string") {
    return "is of an earlier Vitrine, which did not say which ladder had which kernels";
  }
  return `was measured with other kernels of ${changed.join(", ")} than today's`;
}
