// Which kernels a command records with: those that were measured on the adapter, those that a person gives, or those of the
// ladders' own order. A training keeps the ones that it was begun with, so that it ends in the same bits whenever it goes on.

import { join } from "node:path";
import type { Device } from "../../engine/core/device.ts";
import { UsageError, VitrineError } from "../../engine/core/errors.ts";
import type { RungChoices } from "../../engine/core/rung-table.ts";
import { exactChoices } from "../../engine/ops/ladders.ts";
import { fillTable, leftIn } from "../../inspect/rungs/fill-table.ts";
import { choicesOf, type MeasuredProblems } from "../../inspect/rungs/measure-rungs.ts";
import { type ProgramsRequest, programsOfModel } from "../../inspect/rungs/programs-of-model.ts";
import {
  addMeasured,
  givenRungs,
  readMeasured,
  rungsOfRun,
  settingOf,
  tablePath,
  writeRungs,
} from "../../runs/kernel-table.ts";
import { CACHE } from "../../setup/files.mjs";

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
    help: "leave out measured kernels that round more than a sum of products does, which is winograd",
  },
} as const;

/** The file of the device's adapter. */
export function tableFileOf(device: Device): string {
  return tablePath(KERNELS, device);
}

type Say = (line: string) => void;

/** What was measured on the device's adapter; a file that does not count is said so. */
export async function measuredOn(device: Device, say: Say): Promise<MeasuredProblems> {
  const { measured, setAside } = await readMeasured(tableFileOf(device), settingOf(device));
  if (setAside !== null) say(`note       kernels: ${setAside}; it is set aside`);
  return measured;
}

interface KernelFlags {
  readonly kernels: string | undefined;
  readonly tune: boolean;
  readonly exact: boolean;
}

export interface TrainingKernels {
  readonly flags: KernelFlags;
  readonly say: Say;
  readonly signal: AbortSignal;
  /** What is trained. */
  readonly programs: ProgramsRequest;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Fills the device's table for a training in the folder `out`, and leaves there what it was filled with. One that goes on gets
 * what it was begun with. Throws UsageError for a table of another adapter, or another one than the training's.
 */
export async function chooseKernels(
  device: Device,
  { out, isResumed }: { readonly out: string; readonly isResumed: boolean },
  options: TrainingKernels,
): Promise<RungChoices> {
  const own = isResumed ? ((await rungsOfRun(out)) ?? new Map<string, string>()) : null;
  const choices = own ? await resumedChoices(own, device, options) : await begun(device, options);
  device.rungTable.choose(choices);
  if (!own && choices.size > 0) await writeRungs(out, settingOf(device), choices);
  return choices;
}

async function begun(device: Device, options: TrainingKernels): Promise<RungChoices> {
  const choices = await measuredChoices(device, options);
  return options.flags.exact ? exactChoices(choices) : choices;
}

async function measuredChoices(device: Device, options: TrainingKernels): Promise<RungChoices> {
  const { flags, say, env = process.env } = options;
  if (flags.kernels !== undefined) return given(flags.kernels, device, say);
  // Tests compare bits, whatever was measured on the machine.
  if (!flags.tune || env["VITRINE_KERNELS"] === "order") return new Map();
  const known = await measuredOn(device, say);
  // There, a kernel compiles for up to a second, and the order was measured.
  const measured = device.isSoftware ? known : await filled(known, device, options);
  if (measured.size > 0) {
    say(`kernels    by measurement, ${measured.size} problems: npm run kernels shows them`);
  }
  return choicesOf(measured);
}

const MOST_MS = 5000;

/** With what was lacking for the training, which is kept for the next one. */
async function filled(
  known: MeasuredProblems,
  device: Device,
  { say, signal, programs }: TrainingKernels,
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

async function given(path: string, device: Device, say: Say): Promise<RungChoices> {
  const { rungs, differs } = await givenRungs(path, settingOf(device));
  say(`kernels    those of ${path}, ${rungs.size} problems`);
  if (differs !== null) say(`note       ${path} ${differs}: the bits may be others`);
  return rungs;
}

async function resumedChoices(
  own: RungChoices,
  device: Device,
  { flags: { kernels }, say }: TrainingKernels,
): Promise<RungChoices> {
  if (kernels === undefined) return own;
  const other = await given(kernels, device, say);
  const isSame = [...other].every(([key, rung]) => (own.get(key) ?? rung) === rung);
  if (isSame && own.size > 0) return own;
  throw new UsageError(`--kernels: a training goes on with its own kernels, got ${kernels}`, {
    help: "leave --kernels out, or begin anew with --overwrite",
  });
}
