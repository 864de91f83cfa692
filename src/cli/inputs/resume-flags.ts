// Training that goes on where it was: the flags for it, and the command that a run's folder stands for.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../../engine/core/errors.ts";
import { commandOf } from "../../runs/training-folder.ts";
import { camelCase, type FlagSpecs, type FlagValue, parseFlags } from "../frame/flags.ts";

export const CHECKPOINT_FLAG = {
  "checkpoint-minutes": {
    type: "number",
    default: 5,
    above: 0,
    help: "within an epoch, the state is saved this often, and at its end in any case",
  },
} as const;

export const RESUME_FLAGS = {
  resume: {
    type: "string",
    value: "run",
    help: "folder of a training that was ended, by whatever: goes on there with the flags it was begun with, to the same weights; --epochs may be more",
  },
  overwrite: { type: "boolean", help: "begin anew in the folder, and remove what is there" },
  ...CHECKPOINT_FLAG,
} as const;

/** Of the flags that decide what is trained, those that name places. */
const PLACES = new Set(["data", "weights", "hyperparameters"]);

/** As arguments that mean the same wherever they are given: `--seed=7`; what is at its default is left out. */
export function argumentsOf(
  specs: FlagSpecs,
  flags: Readonly<Record<string, FlagValue>>,
): string[] {
  const given: string[] = [];
  for (const [name, spec] of Object.entries(specs)) {
    const value = flags[camelCase(name)];
    const { default: usual = spec.type === "boolean" ? false : undefined } =
      spec.type === "list" ? {} : spec;
    if (value === undefined || value === usual) continue;
    if (typeof value === "boolean") given.push(value ? `--${name}` : `--no-${name}`);
    else if (PLACES.has(name) && existsSync(String(value))) {
      given.push(`--${name}=${resolve(String(value))}`);
    } else for (const one of [value].flat()) given.push(`--${name}=${one}`);
  }
  return given;
}

/**
 * The flags of the training in `--resume`, with those that were given now in their place. What may not differ is found later,
 * where the folder's record is compared.
 */
export async function resumedFlags(
  specs: FlagSpecs,
  folder: string,
  args: readonly string[],
): Promise<Readonly<Record<string, FlagValue>>> {
  const { values } = parseFlags(specs, [...(await commandOf(folder)), ...args]);
  if (values.get("out") !== undefined || values.get("overwrite") === true) {
    const name = values.get("out") === undefined ? "overwrite" : "out";
    throw new UsageError(`--${name}: makes no sense with --resume, which names the folder`);
  }
  return { ...Object.fromEntries(values), out: folder };
}
