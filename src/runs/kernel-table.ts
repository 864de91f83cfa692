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
import { LADDERS, ladderKernels } from "../engine/ops/ladders.ts";
import type { MeasuredProblems } from "../inspect/rungs/measure-rungs.ts";
import { type JsonValue, writeJson } from "../io/files.ts";
import { readJsonIfThere } from "../io/read-json.ts";

/** Raised when the file changes meaning; a newer one is refused. */
const FORMAT = 1;
/** In the folder of a run. */
export const KERNELS_FILE = "kernels.json";

const SAVED = {
  what: "a table of kernels",
  format: FORMAT,
  help: "tune-kernels measures one anew",
};

const milliseconds = v.pipe(v.number(), v.minValue(0));

export const kernelTable = v.object({
  format: v.literal(FORMAT),
  adapter: v.string(),
  driver: v.string(),
  dawn: v.string(),
  kernels: v.string(),
  problems: v.record(
    v.string(),
    v.object({
      rung: v.string(),
      ordered: v.optional(v.string()),
      ms: v.optional(v.record(v.string(), milliseconds)),
      refused: v.optional(v.array(v.string())),
    }),
  ),
});

/** What the times and bits of kernels depend on beside the problem. */
export interface KernelSetting {
  readonly adapter: string;
  readonly driver: string;
  /** Version of the package `webgpu`. */
  readonly dawn: string;
  /** SHA-256 of the ladders' rungs and of their kernels. */
  readonly kernels: string;
}

export type KernelTable = v.InferOutput<typeof kernelTable>;

export function settingOf(device: Device): KernelSetting {
  const { name, info, subgroupSize } = device;
  const require = createRequire(import.meta.url);
  const { version } = require("webgpu/package.json") as { readonly version: string };
  const kernels = kernelsDigest(subgroupSize);
  return { adapter: name, driver: info.description, dawn: version, kernels };
}

/** Of texts, switches and constants of all kernels that ladders dispatch, and of the ladders' rungs in their order. */
function kernelsDigest(subgroupSize: number | null): string {
  const digest = createHash("sha256");
  for (const { name, rungs } of LADDERS) {
    digest.update(`${name} ${rungs.map((rung) => rung.name).join(" ")}\n`);
  }
  const texts = new Set<string>();
  for (const { label, shader, flags = {}, constants = {} } of ladderKernels(subgroupSize)) {
    digest.update(`${label} ${JSON.stringify([flags, constants])}\n`);
    texts.add(shader.text);
  }
  for (const text of texts) digest.update(text);
  return digest.digest("hex");
}

/** The adapter's file in a folder of tables. */
export function tablePath(folder: string, device: Device): string {
  const name = device.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return join(folder, `${name.replaceAll(/^-|-$/g, "")}.json`);
}

export interface FoundTable {
  readonly measured: MeasuredProblems;
  /** Why a file that is there counts for nothing, in words; null where it counts, or there is none. */
  readonly setAside: string | null;
}

/** What was measured on the device's adapter. A file that is damaged, or of another setting, counts for nothing. */
export async function readMeasured(path: string, setting: KernelSetting): Promise<FoundTable> {
  const none = new Map();
  try {
    const table = await readJsonIfThere(path, kernelTable, SAVED);
    if (!table) return { measured: none, setAside: null };
    const differs = differenceOf(table, setting);
    if (differs !== null) return { measured: none, setAside: `${path}: ${differs}` };
    return { measured: measuredOf(table), setAside: null };
  } catch (error) {
    if (!(error instanceof VitrineError)) throw error;
    return { measured: none, setAside: error.message };
  }
}

/** Problems whose rungs were measured, as opposed to taken. */
export function measuredOf({ problems }: KernelTable): MeasuredProblems {
  return new Map(
    Object.entries(problems).map(([key, problem]) => {
      const { rung, ordered = rung, ms = {}, refused = [] } = problem;
      return [key, { rung, ordered, ms, refused }];
    }),
  );
}

/** Adds what was measured to the adapter's file, which is written whole. */
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

/** The rungs as a table, without what they were measured by. */
export function tableOf(setting: KernelSetting, rungs: RungChoices): KernelTable {
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

/** What differs from the setting at hand, so that bits may too: `was measured with another driver, …`; null where nothing does. */
export function differenceOf(table: KernelTable, setting: KernelSetting): string | null {
  for (const name of ["adapter", "driver", "dawn"] as const) {
    if (table[name] === setting[name]) continue;
    return `was measured with another ${name}, ${table[name]}`;
  }
  return table.kernels === setting.kernels ? null : "was measured with other kernels than today's";
}
