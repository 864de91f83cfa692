// `npm run test:gpu-kernels`: proves GPU kernels on a machine without a GPU. See docs/gpu-kernels.md.

import { availableParallelism } from "node:os";
import { type CommandContext, defineCommand, runCommand } from "../../src/cli/frame/command.ts";
import { SetupError } from "../../src/setup/say.mjs";
import { type BenchAdapter, LANES, LIMITS, runWorker } from "./adapters.ts";
import type { Message, WorkRequest } from "./messages.ts";
import { provideNewerMesa } from "./newer-mesa.mjs";
import { Outcome } from "./outcome.ts";
import { PROFILES } from "./profiles.ts";

const FLAGS = {
  short: {
    type: "boolean",
    help: "fewer shapes, and one size of subgroups a maker: about a minute",
  },
  filter: {
    type: "string",
    value: "text",
    help: "only rungs, ops and models with this in their name, e.g. conv2d.dx, tiled, vgg19",
  },
} as const;

type Context = CommandContext<typeof FLAGS, readonly []>;

const command = defineCommand({
  name: "npm run test:gpu-kernels --",
  summary:
    "Runs every rung of every ladder on software adapters with subgroups of 4, 8 and 16 lanes against plain loops, bit for " +
    "bit, and checks kernels within the limits of makers' adapters. Needs no GPU.",
  examples: [
    { command: "npm run test:gpu-kernels", does: "everything, some minutes" },
    {
      command: "npm run test:gpu-kernels -- --filter conv2d.dx",
      does: "the rungs of one gradient",
    },
    { command: "npm run test:gpu-kernels -- --short --json", does: "what CI runs, for a machine" },
  ],
  flags: FLAGS,
  run: bench,
});

async function bench(context: Context): Promise<void> {
  const { say, style, json, setExitCode, signal } = context;
  say(style.bold("vitrine: testing GPU kernels without a GPU"));
  const outcome = new Outcome();
  const adapters = [...(await lanesAdapters(context, outcome)), LIMITS];
  const lanes = Math.min(2, availableParallelism());
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let next = adapters.shift(); next && !signal.aborted; next = adapters.shift()) {
        await runOn(next, { context, outcome });
      }
    }),
  );
  if (signal.aborted) return;
  tell(context, outcome);
  json(outcome.json());
  if (outcome.failed > 0 || outcome.passed === 0) setExitCode(1);
}

/** The software adapters; none where their driver cannot be had, which counts as skipped. */
async function lanesAdapters({ say }: Context, outcome: Outcome): Promise<readonly BenchAdapter[]> {
  try {
    say(`driver     llvmpipe of Mesa ${await provideNewerMesa()}, in .cache/mesa-26`);
    return LANES;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    const [why = ""] = error.message.split("\n");
    outcome.skipped.push(...LANES.map(({ column }) => ({ column, why })));
    say(`skipped    ${LANES.length} adapters without a driver: ${why}`);
    return [];
  }
}

async function runOn(
  adapter: BenchAdapter,
  { context, outcome }: { readonly context: Context; readonly outcome: Outcome },
): Promise<void> {
  const { flags, signal, say, terminal } = context;
  const { column, part } = adapter;
  const request: WorkRequest = {
    part,
    isShort: flags.short === true,
    filter: flags.filter ?? "",
  };
  const start = performance.now();
  const progress = { done: 0, total: 0, name: "" };
  const live = terminal.live();
  const take = (message: Message): void => {
    outcome.take(column, message);
    if (message.bench === "adapter") Object.assign(progress, message);
    if (message.bench !== "result") return;
    progress.done++;
    live.update(
      () => `${column} ${progress.done} of ${progress.total}: ${message.row} ${message.label}`,
    );
  };
  const end = await runWorker(adapter, { request, signal, take });
  live.finish();
  if (signal.aborted) return;
  if (end !== null) outcome.takeEnd(column, end);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  say(
    `${column.padEnd(10)} ${progress.done} of ${progress.total} in ${seconds} s (${progress.name})`,
  );
}

function tell({ say, style, flags }: Context, outcome: Outcome): void {
  const isWhole = flags.short !== true && flags.filter === undefined;
  const tables = [
    ["shapes that came out right, to the last bit", LANES.map(({ column }) => column)],
    ["kernels that become pipelines within limits", PROFILES.map(({ name }) => name)],
    ["processes that broke off", [LIMITS.column]],
  ] as const;
  for (const [title, columns] of tables) {
    const lines = outcome.table(columns);
    if (lines.length > 0) say(["", style.bold(title), ...lines].join("\n"));
  }
  if (outcome.faults.length > 0) say(`\n${style.bold("faults")}`);
  for (const { column, row, label, text } of outcome.faults.slice(0, 20)) {
    say(`${style.red("✗")} ${row}, ${column}, ${label}: ${text}`);
  }
  if (outcome.faults.length > 20) say(`… and ${outcome.faults.length - 20} more; --json has all`);
  const untried = isWhole ? outcome.untriedSwitches() : [];
  if (untried.length > 0) say(`\nswitches that no shape has set: ${untried.join(", ")}`);
  const { passed, failed, skipped } = outcome;
  say(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`);
}

await runCommand(command);
