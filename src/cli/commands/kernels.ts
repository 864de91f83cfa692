// `npm run kernels`: the kernels that were measured to be the fastest on this machine's adapter, or that a run was recorded with.

import { openDevice } from "../../io/adapter.ts";
import type { JsonValue } from "../../io/files.ts";
import { kernelLines, kernelSummary, refusedLines } from "../../report/text/kernels-text.ts";
import { measuredOf, readTable } from "../../runs/kernel-table.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { measuredOn, tableFileOf } from "../inputs/kernel-tables.ts";
import { ADAPTER_FLAG } from "../inputs/shared-flags.ts";

const FLAGS = { ...ADAPTER_FLAG } as const;

const POSITIONALS = [
  {
    name: "FILE",
    optional: true,
    help: "a table of kernels, or the folder of a run; default what was measured on the adapter",
  },
] as const;

const command = defineCommand({
  name: "npm run kernels --",
  summary:
    "Shows which kernels were measured to be the fastest on this machine's adapter, beside those of the built-in order.",
  examples: [
    { command: "npm run kernels", does: "all that tune-kernels has measured" },
    { command: "npm run kernels -- runs/tanh", does: "those that a run was recorded with" },
  ],
  positionals: POSITIONALS,
  flags: FLAGS,
  run: kernels,
});

async function kernels(context: CommandContext<typeof FLAGS, typeof POSITIONALS>): Promise<void> {
  const { flags, positionals, say, style, json } = context;
  const [given] = positionals;
  const { adapter, file, measured } =
    given === undefined ? await ofAdapter(flags.adapter, say) : await ofFile(given);
  say(`adapter    ${adapter}`);
  say(`table      ${file}`);
  say();
  if (measured.size === 0) {
    say("nothing is measured yet; npm run tune-kernels -- --model lenet5 does it");
  } else {
    const [head = "", ...rows] = kernelLines(measured);
    say(style.bold(head));
    for (const row of rows) say(row);
    say();
    // A run's table has no times.
    if ([...measured.values()].some(({ ms }) => Object.keys(ms).length > 0)) {
      say(kernelSummary(measured));
    }
    for (const line of refusedLines(measured)) say(style.yellow(line));
  }
  json({ adapter, file, problems: Object.fromEntries(measured) as unknown as JsonValue });
}

async function ofAdapter(adapter: string | undefined, say: (line: string) => void) {
  const device = await openDevice(adapter ? { adapter } : {});
  const measured = await measuredOn(device, say);
  return { adapter: device.name, file: tableFileOf(device), measured };
}

async function ofFile(file: string) {
  const table = await readTable(file);
  return { adapter: table.adapter, file, measured: measuredOf(table) };
}

await runCommand(command);
