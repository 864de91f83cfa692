// What a library's error becomes for somebody who types commands: an argument is called by its flag or its place in the
// line, and a remedy by the flag, or the command, that gives it.

import type { VitrineError } from "../../engine/core/errors.ts";
import { kebabCase } from "./flags.ts";

/** The parts of a command's definition that arguments can be found in. */
export interface Vocabulary {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly positionals?: readonly { readonly name: string }[];
}

/** Remedies that take more words than a flag; they stand in place of the library's help. */
const ADVICE: Readonly<Record<string, string>> = {
  dropMissing: "--drop-missing leaves such rows out; `npm run data` lists them",
  h5: "npm run h5 -- FILE lists the layers of a file, and the models that it fits",
  setup: "`npm run setup` looks for an adapter, and installs one where there is none",
  train: "`npm run train` saves its runs under runs/, or where --out says",
  tune: "`npm run tune` makes one",
};

/** `batchSize: must be …` as `--batch-size: must be …`, where the command has that flag. */
export function messageFor({ message, argument }: VitrineError, command: Vocabulary): string {
  if (argument === undefined || !message.startsWith(`${argument}:`)) return message;
  const name = flagOf(argument, command) ?? placeOf(argument, command) ?? argument;
  return name + message.slice(argument.length);
}

/** The library's help with the flags that give it: `use a smaller batch, or another adapter (--batch-size, --adapter)`. */
export function helpFor({ help, remedies }: VitrineError, command: Vocabulary): string | undefined {
  const advice = remedies.flatMap((remedy) => ADVICE[remedy] ?? []);
  if (advice.length > 0) return advice.join("; ");
  const flags = remedies.flatMap((remedy) => flagOf(remedy, command) ?? []);
  if (flags.length === 0) return help;
  return help === undefined ? `see ${flags.join(", ")}` : `${help} (${flags.join(", ")})`;
}

function flagOf(argument: string, { flags }: Vocabulary): string | undefined {
  const name = kebabCase(argument);
  return Object.hasOwn(flags, name) ? `--${name}` : undefined;
}

function placeOf(argument: string, { positionals = [] }: Vocabulary): string | undefined {
  return positionals.find(({ name }) => name === argument.toUpperCase())?.name;
}
