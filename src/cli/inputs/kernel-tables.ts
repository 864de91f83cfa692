// Which kernels a command records with: those that were measured on the adapter, those that a person gives, or those of the
// ladders' own order. Work in a folder keeps the ones that it was begun with, so that it ends in the same bits whenever it goes on,
// and in whichever process.

import { join } from "node:path";
import type { Dataset } from "../../data/dataset.ts";
import type { Device } from "../../engine/core/device.ts";
import { UsageError, VitrineError } from "../../engine/core/errors.ts";
import { exactChoices } from "../../engine/ops/ladders.ts";
import { fillTable, leftIn } from "../../inspect/rungs/fill-table.ts";
import { choicesOf, type MeasuredProblems } from "../../inspect/rungs/measure-rungs.ts";
import { type ProgramsRequest, programsOfModel } from "../../inspect/rungs/programs-of-model.ts";
import {
  addMeasured,
  differenceOf,
  givenTable,
  type KernelTable,
  readMeasured,
  readTable,
  rungsIn,
  settingOf,
  tableOf,
  tableOfRun,
  tablePath,
  writeTable,
} from "../../runs/kernel-table.ts";
import { CACHE } from "../../setup/files.mjs";
import { fitSettings, type TrainingPlan } from "../../train/training.ts";

const KERNELS = join(CACHE, "kernels");

export const KERNEL_FLAGS = {
  kernels: {
    type: "string",
    value: "file",
    help: "use the kernels of this table, or those of a run, by its folder, to repeat it bit for bit; default what was measured on the adapter, else the built-in order",
  },
  tune: {
    type: "boolean",
    default: true,
    help: "use the kernels that were measured on the adapter, and measure what is lacking where that takes less than 5 seconds (never on software adapters); --no-tune uses those of the built-in order",
  },
  exact: {
    type: "boolean",
    help: "leave out measured kernels that round more than a sum of products does, which are winograd, winograd4 and toeplitz",
  },
} as const;

/** Of a command that looks at what is trained. */
export const LOOKING_KERNEL_FLAGS = {
  kernels: {
    ...KERNEL_FLAGS.kernels,
    help: "use the kernels of this table, or those of a run, by its folder; default the run's own, and of a file of Keras's what was measured on the adapter",
  },
  tune: {
    ...KERNEL_FLAGS.tune,
    help: "use the run's own kernels, or those that were measured on the adapter; --no-tune uses those of the built-in order",
  },
  exact: KERNEL_FLAGS.exact,
} as const;

/** Of a command that looks at a step. */
export const STEP_KERNEL_FLAGS = {
  kernels: {
    ...KERNEL_FLAGS.kernels,
    help: "use the kernels of this table, or those of a run, by its folder; default the run's own, and without a run those of the built-in order",
  },
  tune: {
    ...KERNEL_FLAGS.tune,
    help: "use the run's own kernels; --no-tune uses those of the built-in order",
  },
} as const;

/** The file of the device's adapter. */
export function tableFileOf(device: Device): string {
  return tablePath(KERNELS, device);
}

type Say = (line: string) => void;

/** What was measured on the device's adapter; what does not count is said so. */
export async function measuredOn(device: Device, say: Say): Promise<MeasuredProblems> {
  const { measured, setAside } = await readMeasured(tableFileOf(device), settingOf(device));
  if (setAside !== null) say(`note       set aside: ${setAside}`);
  return measured;
}

export interface KernelFlags {
  readonly kernels: string | undefined;
  readonly tune: boolean;
  readonly exact: boolean;
}

interface Telling {
  readonly flags: KernelFlags;
  readonly say: Say;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface KernelWork extends Telling {
  readonly signal: AbortSignal;
  /** What is trained, or of many the one that stands for all. */
  readonly programs: ProgramsRequest;
}

/** What a training by the plan records. */
export function programsOfPlan(
  { model: config, training }: TrainingPlan,
  dataset: Dataset,
): ProgramsRequest {
  const { batchSize } = training;
  const { optimizer, loss, precision } = fitSettings({ epochs: 1, patience: 0, ...training });
  return { config, dataset, batchSize, optimizer, loss, precision };
}

/** Before anything is overwritten. Throws UsageError for a --kernels that is no table, or one of another adapter. */
export async function checkKernels(device: Device | null, { kernels }: KernelFlags): Promise<void> {
  if (kernels !== undefined) await given(kernels, device);
}

/**
 * Fills the device's table for the work in the folder `out`, and leaves there what it was filled with; null: nothing, so all is left
 * to the order. Work that goes on gets what it was begun with. Without a device, which other machines have, only a table that is
 * given counts. Throws UsageError for a table of another adapter, or another one than the work's.
 */
export async function chooseKernels(
  device: Device | null,
  { out, isResumed }: { readonly out: string; readonly isResumed: boolean },
  work: KernelWork,
): Promise<KernelTable | null> {
  const table = isResumed
    ? await resumedTable(await tableOfRun(out), device, work)
    : await begunTable(device, work);
  if (!table) return null;
  device?.rungTable.choose(rungsIn(table));
  if (!isResumed) await writeTable(out, table);
  return table;
}

/** Fills a worker's device with what its chief trains with, and with nothing else. */
export function useChiefsKernels(device: Device, table: KernelTable | null, say: Say): void {
  device.rungTable.replace(table ? rungsIn(table) : new Map());
  if (table) tellDifference("the chief's table", table, device, say);
}

/** Fills the device's table for a look at a run, by its folder, or at a file of Keras's: null. */
export async function chooseLooking(
  device: Device,
  run: string | null,
  telling: Telling,
): Promise<void> {
  const table = await lookingTable(device, run, telling);
  const kept = table && keptTable(table, telling.flags);
  if (kept) device.rungTable.choose(rungsIn(kept));
}

/** The same for a look at a step of a run; or of no run, null, which is recorded by the order unless a table is named. */
export async function chooseForStep(
  device: Device,
  run: string | null,
  {
    flags: { kernels, tune },
    say,
  }: { readonly flags: Omit<KernelFlags, "exact">; readonly say: Say },
): Promise<void> {
  if (run === null && kernels === undefined) return;
  await chooseLooking(device, run, { flags: { kernels, tune, exact: false }, say });
  if (device.rungTable.chosen.size > 0)
    say(`kernels    ${kernels ?? "those that the run records"}`);
}

async function lookingTable(
  device: Device,
  run: string | null,
  telling: Telling,
): Promise<KernelTable | null> {
  const { flags, say } = telling;
  if (flags.kernels !== undefined) return given(flags.kernels, device, say);
  if (!flags.tune) return null;
  if (run === null)
    return isOrdered(telling) ? null : ofMeasured(device, await measuredOn(device, say));
  const own = await tableOfRun(run);
  if (!own || own.adapter === device.name) return own;
  say(`note       its kernels are those of ${own.adapter}: the built-in order is used here`);
  return null;
}

async function begunTable(device: Device | null, work: KernelWork): Promise<KernelTable | null> {
  const { flags, say } = work;
  const table =
    flags.kernels === undefined
      ? device && (await measuredTable(device, work))
      : await given(flags.kernels, device, say);
  return table && keptTable(table, flags);
}

/** What --exact leaves of it; null where that is nothing. */
function keptTable(table: KernelTable, { exact }: KernelFlags): KernelTable | null {
  const rungs = exact ? exactChoices(rungsIn(table)) : rungsIn(table);
  return rungs.size === 0 ? null : tableOf(table, rungs);
}

async function measuredTable(device: Device, work: KernelWork): Promise<KernelTable | null> {
  if (!work.flags.tune || isOrdered(work)) return null;
  const known = await measuredOn(device, work.say);
  // There, a kernel compiles for up to a second, and the order was measured.
  const measured = device.isSoftware ? known : await filled(known, device, work);
  if (measured.size > 0) {
    work.say(`kernels    by measurement, ${measured.size} problems: npm run kernels shows them`);
  } else if (device.isSoftware) {
    work.say("kernels    the built-in order: npm run tune-kernels measures what is faster here");
  }
  return ofMeasured(device, measured);
}

/** Tests compare bits, whatever was measured on the machine. */
function isOrdered({ env = process.env }: Telling): boolean {
  return env["VITRINE_KERNELS"] === "order";
}

function ofMeasured(device: Device, measured: MeasuredProblems): KernelTable {
  return tableOf(settingOf(device), choicesOf(measured));
}

const MOST_MS = 5000;

/** With what was lacking for the work, which is kept for the next one. */
async function filled(
  known: MeasuredProblems,
  device: Device,
  { say, signal, programs }: KernelWork,
): Promise<MeasuredProblems> {
  const options = { within: MOST_MS, signal };
  const added = await fillTable(device, known, programsOfModel(device, programs), options);
  if (added.size === 0) return known;
  const left = leftIn(added);
  if (left > 0) {
    say(`note       ${left} problems would take longer to measure: npm run tune-kernels does it`);
  }
  try {
    return await addMeasured(tableFileOf(device), settingOf(device), added);
  } catch (error) {
    if (!(error instanceof VitrineError)) throw error;
    say(`note       kernels: ${error.message}; the next training measures again`);
    return new Map([...known, ...added]);
  }
}

async function given(path: string, device: Device | null, say?: Say): Promise<KernelTable> {
  const table = device ? await givenTable(path, settingOf(device)) : await readTable(path);
  say?.(`kernels    those of ${path}, ${rungsIn(table).size} problems`);
  if (device && say) tellDifference(path, table, device, say);
  return table;
}

function tellDifference(whose: string, table: KernelTable, device: Device, say: Say): void {
  const differs = differenceOf(table, settingOf(device));
  if (differs !== null) say(`note       ${whose} ${differs}: the bits may be others`);
}

async function resumedTable(
  own: KernelTable | null,
  device: Device | null,
  { flags: { kernels }, say }: KernelWork,
): Promise<KernelTable | null> {
  if (kernels === undefined) {
    if (own && device) tellDifference("its table of kernels", own, device, say);
    return own;
  }
  const other = rungsIn(await given(kernels, device, say));
  const rungs = own && rungsIn(own);
  if (rungs && [...other].every(([key, rung]) => (rungs.get(key) ?? rung) === rung)) return own;
  throw new UsageError(`--kernels: what was begun goes on with its own kernels, got ${kernels}`, {
    help: "leave --kernels out, or begin anew with --overwrite",
  });
}
